package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"monitord/alerts/match"
	"monitord/alerts/silence"
)

// clockAt is a clock that tests set.
type clockAt struct{ t time.Time }

func (c *clockAt) now() time.Time    { return c.t }
func (c *clockAt) set(second int64)  { c.t = time.UnixMilli(second * 1000).UTC() }
func instant(second int64) time.Time { return time.UnixMilli(second * 1000).UTC() }

// quietly is a set of silences on a real journal, whose clock begins at 1000.
func quietly(t *testing.T) (*silence.Silences, *clockAt, *Log) {
	t.Helper()
	clock := &clockAt{}
	clock.set(1000)
	l, _ := openLog(t, t.TempDir())
	return silence.New(l, clock.now), clock, l
}

func silenceOf(t *testing.T, from, to int64, matchers ...string) silence.Silence {
	t.Helper()
	ms, err := match.Parse(matchers...)
	if err != nil {
		t.Fatal(err)
	}
	return silence.Silence{Matchers: ms, CreatedBy: "ann", Comment: "work", StartsAt: instant(from), EndsAt: instant(to)}
}

func put(t *testing.T, s *silence.Silences, want silence.Silence) string {
	t.Helper()
	id, err := s.Put(t.Context(), want)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// states says of every silence what it is and when, in the order of the list.
func states(s *silence.Silences) []string {
	var all []string
	for _, q := range s.List() {
		all = append(all, fmt.Sprintf("%s %s %d-%d %s %s %d", q.State(s.Now()), q.Matchers, q.StartsAt.Unix(), q.EndsAt.Unix(), q.CreatedBy, q.Comment, q.UpdatedAt.Unix()))
	}
	return all
}

func expectStates(t *testing.T, s *silence.Silences, want ...string) {
	t.Helper()
	if got := states(s); !slices.Equal(got, want) {
		t.Errorf("silences are\n%q, want\n%q", got, want)
	}
}

func TestSilencesOverARestart(t *testing.T) {
	dir := t.TempDir()
	l, j := openLog(t, dir)
	clock := &clockAt{}
	clock.set(1000)
	s := silence.New(l, clock.now)
	put(t, s, silenceOf(t, 1000, 2000, `a="1"`))
	gone := put(t, s, silenceOf(t, 1500, 1600, `b=~"x|y"`, `c!="z"`))
	if err := s.Expire(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	j.Close()
	l, _ = openLog(t, dir)
	expectStates(t, silence.New(l, clock.now),
		`active {a="1"} 1000-2000 ann work 1000`, `expired {b=~"x|y",c!="z"} 1000-1000 ann work 1000`)
}

func TestSilencesInASnapshot(t *testing.T) {
	dir := t.TempDir()
	l, j := openLog(t, dir)
	clock := &clockAt{}
	clock.set(1000)
	s := silence.New(l, clock.now)
	put(t, s, silenceOf(t, 1000, 2000, `a="1"`))
	gone := put(t, s, silenceOf(t, 1000, 2000, `b="1"`))
	mustAppend(t, l, nil, silenceNote{ID: gone, Forgotten: true})
	fill(t, l, j)
	j.Close()
	l, _ = openLog(t, dir)
	expectStates(t, silence.New(l, clock.now), `active {a="1"} 1000-2000 ann work 1000`)
	if n := l.Unreadable(); n != 0 {
		t.Errorf("%d records could not be read", n)
	}
}

func TestSilencesNeedTheDisk(t *testing.T) {
	d := &disk{}
	l, err := OpenLog(d, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	clock := &clockAt{}
	clock.set(1000)
	s := silence.New(l, clock.now)
	id := put(t, s, silenceOf(t, 1000, 2000, `a="1"`))
	d.refuse = true
	if _, err := s.Put(t.Context(), silenceOf(t, 1000, 2000, `b="1"`)); !errors.Is(err, silence.ErrNotStored) {
		t.Errorf("got %v", err)
	}
	if err := s.Expire(t.Context(), id); !errors.Is(err, silence.ErrNotStored) {
		t.Errorf("got %v", err)
	}
	expectStates(t, s, `active {a="1"} 1000-2000 ann work 1000`)

	d.refuse, d.partial = false, 1 // of a change that makes one and ends another, the first
	change := silenceOf(t, 1000, 2000, `c="1"`)
	change.ID = id
	if _, err := s.Put(t.Context(), change); !errors.Is(err, silence.ErrNotStored) {
		t.Errorf("got %v", err)
	}
	if got, want := states(s), states(silence.New(l, clock.now)); len(got) != 2 || !slices.Equal(got, want) {
		t.Errorf("silences are %q, the disk has %q", got, want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d.partial = 0
	if _, err := s.Put(ctx, silenceOf(t, 1000, 2000, `b="1"`)); err == nil {
		t.Error("a silence was made for somebody who had gone")
	}
}

func TestSilenceNotesAreChecked(t *testing.T) {
	good := `{"v":1,"silence":{"id":"x","matchers":[{"name":"a","op":"=","value":"b"}],"startsAt":1,"endsAt":2,"updatedAt":1}}`
	f := newFold()
	fold := func(text string) error {
		n, err := decodeNote([]byte(text))
		if err == nil {
			err = f.note(n)
		}
		return err
	}
	if err := fold(good); err != nil || len(f.silences) != 1 {
		t.Fatalf("%v", err)
	}
	for _, c := range [][2]string{
		{`"id":"x"`, `"id":""`}, {`"op":"="`, `"op":"~"`}, {`"op":"=","value":"b"`, `"op":"=~","value":"("`},
		{`"endsAt":2`, `"endsAt":-2`}, {`"endsAt":2`, `"endsAt":9999999999999`}, {`"value":"b"`, `"value":""`}, {`"name":"a"`, `"name":"__name__"`},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if err := fold(bad); err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
