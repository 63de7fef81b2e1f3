package silence

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts/match"
)

// clockAt is a clock that tests set.
type clockAt struct{ t time.Time }

func (c *clockAt) now() time.Time    { return c.t }
func (c *clockAt) set(second int64)  { c.t = time.UnixMilli(second * 1000).UTC() }
func instant(second int64) time.Time { return time.UnixMilli(second * 1000).UTC() }

// A memoryLog is a log without a disk.
type memoryLog struct {
	silences map[string]*Silence
	refuse   error
	partial  bool // it takes the first record and then no more
}

func (l *memoryLog) Silences() []*Silence { return slices.Collect(maps.Values(l.silences)) }

func (l *memoryLog) PutSilences(ctx context.Context, records ...Record) error {
	if err := cmp.Or(ctx.Err(), l.refuse); err != nil {
		return err
	}
	for i, r := range records {
		if i > 0 && l.partial {
			return errors.New("full")
		}
		if delete(l.silences, r.ID); r.Forgotten {
			continue
		}
		s, err := r.Silence()
		if err != nil {
			return err
		}
		l.silences[r.ID] = s
	}
	return nil
}

// quietly is a set of silences whose clock begins at 1000, and the same ones after
// a restart.
func quietly(t *testing.T) (*Silences, *clockAt, func() *Silences) {
	t.Helper()
	clock := &clockAt{}
	clock.set(1000)
	l := &memoryLog{silences: map[string]*Silence{}}
	again := func() *Silences { return New(l, clock.now) }
	return again(), clock, again
}

func silenceOf(t *testing.T, from, to int64, matchers ...string) Silence {
	t.Helper()
	ms, err := match.Parse(matchers...)
	if err != nil {
		t.Fatal(err)
	}
	return Silence{Matchers: ms, CreatedBy: "ann", Comment: "work", StartsAt: instant(from), EndsAt: instant(to)}
}

func put(t *testing.T, s *Silences, want Silence) string {
	t.Helper()
	id, err := s.Put(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// states says of every silence what it is and when, in the order of the list.
func states(s *Silences) []string {
	var all []string
	for _, q := range s.List() {
		all = append(all, fmt.Sprintf("%s %s %d-%d", q.State(s.Now()), q.Matchers, q.StartsAt.Unix(), q.EndsAt.Unix()))
	}
	return all
}

func expectStates(t *testing.T, s *Silences, want ...string) {
	t.Helper()
	if got := states(s); !slices.Equal(got, want) {
		t.Errorf("silences are\n%q, want\n%q", got, want)
	}
}

func TestSilenceLife(t *testing.T) {
	s, clock, again := quietly(t)
	a := put(t, s, silenceOf(t, 900, 2000, `alertname="A"`)) // a start in the past is now
	b := put(t, s, silenceOf(t, 1500, 1600, `b=~"x|y"`, `c!="z"`))
	if len(a) != 36 || a == b || a[14] != '4' {
		t.Errorf("ids are %s and %s", a, b)
	}
	expectStates(t, s, `active {alertname="A"} 1000-2000`, `pending {b=~"x|y",c!="z"} 1500-1600`)
	clock.set(1550)
	expectStates(t, s, `active {b=~"x|y",c!="z"} 1500-1600`, `active {alertname="A"} 1000-2000`)
	s = again()
	expectStates(t, s, `active {b=~"x|y",c!="z"} 1500-1600`, `active {alertname="A"} 1000-2000`)
	if got, ok := s.Get(a); !ok || got.CreatedBy != "ann" || got.Comment != "work" || got.UpdatedAt.Unix() != 1000 {
		t.Errorf("silence is %+v", got)
	}
	if err := s.Expire(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if err := s.Expire(t.Context(), b); !errors.Is(err, ErrExpired) {
		t.Errorf("expired twice: %v", err)
	}
	if err := s.Expire(t.Context(), "x"); !errors.Is(err, ErrUnknown) {
		t.Errorf("one that is not there: %v", err)
	}
	expectStates(t, s, `active {alertname="A"} 1000-2000`, `expired {b=~"x|y",c!="z"} 1500-1550`)
	clock.set(2000)
	expectStates(t, again(), `expired {alertname="A"} 1000-2000`, `expired {b=~"x|y",c!="z"} 1500-1550`)
}

// The cases of an update are Alertmanager's.
func TestSilenceUpdate(t *testing.T) {
	for name, c := range map[string]struct {
		now    int64 // the silence is from 1100 to 2000
		change func(*Silence)
		same   bool
		want   []string
	}{
		"longer, while active":    {1200, func(s *Silence) { s.EndsAt = instant(3000) }, true, []string{`active {a="1"} 1100-3000`}},
		"another comment":         {1200, func(s *Silence) { s.Comment = "more" }, true, []string{`active {a="1"} 1100-2000`}},
		"other matchers":          {1200, func(s *Silence) { s.Matchers, _ = match.Parse(`b="1"`) }, false, []string{`active {b="1"} 1200-2000`, `expired {a="1"} 1100-1200`}},
		"later, though it began":  {1200, func(s *Silence) { s.StartsAt = instant(1500) }, false, []string{`pending {a="1"} 1500-2000`, `expired {a="1"} 1100-1200`}},
		"later, before it begins": {1050, func(s *Silence) { s.StartsAt = instant(1500) }, true, []string{`pending {a="1"} 1500-2000`}},
		"now, before it begins":   {1050, func(s *Silence) { s.StartsAt = instant(0) }, true, []string{`active {a="1"} 1050-2000`}},
		"in the past":             {1050, func(s *Silence) { s.StartsAt = instant(500) }, false, []string{`active {a="1"} 1050-2000`, `expired {a="1"} 1050-1050`}},
		"again, after its end":    {2500, func(s *Silence) { s.EndsAt = instant(3000) }, false, []string{`active {a="1"} 2500-3000`, `expired {a="1"} 1100-2000`}},
	} {
		t.Run(name, func(t *testing.T) {
			s, clock, _ := quietly(t)
			id := put(t, s, silenceOf(t, 1100, 2000, `a="1"`))
			clock.set(c.now)
			want, _ := s.Get(id)
			c.change(&want)
			if got := put(t, s, want); (got == id) != c.same {
				t.Errorf("the id is %s, it was %s", got, id)
			}
			expectStates(t, s, c.want...)
		})
	}
}

// letters is a regular expression of which two are too large together.
var letters = strings.Repeat(`\\pL`, 8)

func TestSilenceRefuses(t *testing.T) {
	s, _, _ := quietly(t)
	good := func() Silence { return silenceOf(t, 1000, 2000, `a="1"`) }
	for want, change := range map[string]func(*Silence){
		"at least one matcher required":                        func(s *Silence) { s.Matchers = match.Matchers{} },
		"at least one matcher must not match the empty string": func(s *Silence) { s.Matchers, _ = match.Parse(`a=""`, `b=~".*"`) },
		"start time must be before end time":                   func(s *Silence) { s.EndsAt = s.StartsAt },
		"end time can't be in the past":                        func(s *Silence) { s.StartsAt, s.EndsAt = instant(500), instant(1000) },
		"the times must be after 1970 and before 2200":         func(s *Silence) { s.EndsAt = time.UnixMilli(maxMillis + 1) },
		"the author must be UTF-8 of at most 256 bytes":        func(s *Silence) { s.CreatedBy = strings.Repeat("x", 257) },
		"the comment must be UTF-8 of at most 4096 bytes":      func(s *Silence) { s.Comment = "\xff" },
		"invalid label matcher 0: invalid label name":          func(s *Silence) { s.Matchers, _ = match.New([]*labels.Matcher{{Name: ""}}) },
		"invalid label matcher 0: the value is not UTF-8":      func(s *Silence) { s.Matchers, _ = match.New([]*labels.Matcher{{Name: "a", Value: "\xff"}}) },
		"the regular expressions are too large":                func(s *Silence) { s.Matchers, _ = match.Parse(`a=~"`+letters+`"`, `b=~"`+letters+`"`) },
		"no silence has this id":                               func(s *Silence) { s.ID = "x" },
		"may have 16384: write fewer or shorter matchers": func(s *Silence) {
			s.Matchers, _ = match.Parse(`a="`+strings.Repeat("x", 4000)+`"`, `b="`+strings.Repeat("x", 4000)+`"`, `c="`+strings.Repeat("x", 4000)+`"`, `d="`+strings.Repeat("x", 4000)+`"`, `e="`+strings.Repeat("x", 4000)+`"`)
		},
	} {
		sil := good()
		change(&sil)
		if _, err := s.Put(t.Context(), sil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	expectStates(t, s)
}

func TestSilencesAreBounded(t *testing.T) {
	s, clock, _ := quietly(t)
	var first string
	for i := range maxNumber {
		id := put(t, s, silenceOf(t, 1000, int64(2000+i), fmt.Sprintf(`a="%d"`, i)))
		if i == 0 {
			first = id
		}
	}
	if _, err := s.Put(t.Context(), silenceOf(t, 1000, 2000, `b="1"`)); !errors.Is(err, errTooMany) || !strings.Contains(err.Error(), " 1000 silences ") {
		t.Errorf("one too many: %v", err)
	}
	if err := s.Expire(t.Context(), first); err != nil {
		t.Fatal(err)
	}
	put(t, s, silenceOf(t, 1000, 2000, `b="1"`)) // in the place of one that has expired
	if n := len(s.List()); n != maxNumber {
		t.Errorf("there are %d", n)
	}
	clock.set(1000 + maxNumber + 2000 + int64(keepExpired/time.Second))
	if n := len(s.List()); n != 0 {
		t.Errorf("%d are shown that expired long ago", n)
	}
	clock.t = clock.t.Add(10 * time.Second)
	put(t, s, silenceOf(t, clock.t.Unix(), clock.t.Unix()+10, `b="1"`))
	if n := len(s.log.Silences()); n != 1 {
		t.Errorf("the log has %d, want the new one only", n)
	}
}

// A clock that is wrong for a while costs no silence.
func TestSilencesOutliveTheClock(t *testing.T) {
	s, clock, again := quietly(t)
	put(t, s, silenceOf(t, 1000, 9000, `a="1"`))
	clock.set(1000 + 10*365*86400)
	expectStates(t, again())
	clock.set(1100)
	expectStates(t, again(), `active {a="1"} 1000-9000`)
}

func TestSilencesNeedTheDisk(t *testing.T) {
	s, _, again := quietly(t)
	l := s.log.(*memoryLog)
	id := put(t, s, silenceOf(t, 1000, 2000, `a="1"`))
	l.refuse = errors.New("full")
	if _, err := s.Put(t.Context(), silenceOf(t, 1000, 2000, `b="1"`)); !errors.Is(err, ErrNotStored) {
		t.Errorf("got %v", err)
	}
	if err := s.Expire(t.Context(), id); !errors.Is(err, ErrNotStored) {
		t.Errorf("got %v", err)
	}
	expectStates(t, s, `active {a="1"} 1000-2000`)

	l.refuse, l.partial = nil, true // of a change that makes one and ends another, the first
	change := silenceOf(t, 1000, 2000, `c="1"`)
	change.ID = id
	if _, err := s.Put(t.Context(), change); !errors.Is(err, ErrNotStored) {
		t.Errorf("got %v", err)
	}
	if got, want := states(s), states(again()); len(got) != 2 || !slices.Equal(got, want) {
		t.Errorf("silences are %q, the disk has %q", got, want)
	}
}

func TestRecordsAreChecked(t *testing.T) {
	good := `{"id":"x","matchers":[{"name":"a","op":"=","value":"b"}],"startsAt":1,"endsAt":2,"updatedAt":1}`
	read := func(text string) (*Silence, error) {
		var r Record
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			return nil, err
		}
		return r.Silence()
	}
	s, err := read(good)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := json.Marshal(s.Record()); err != nil || string(b) != good {
		t.Errorf("it became %s, %v", b, err)
	}
	for _, c := range [][2]string{
		{`"id":"x"`, `"id":""`}, {`"op":"="`, `"op":"~"`}, {`"op":"=","value":"b"`, `"op":"=~","value":"("`},
		{`"endsAt":2`, `"endsAt":-2`}, {`"endsAt":2`, `"endsAt":9999999999999`}, {`"value":"b"`, `"value":""`}, {`"name":"a"`, `"name":"__name__"`},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if _, err := read(bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
