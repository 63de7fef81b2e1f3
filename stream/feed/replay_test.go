package feed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"monitord/history/standing"
	"monitord/stream"
	"monitord/stream/wire"
)

// A replay that failed because the machine was busy is not what everybody after it
// is told.
func TestAFailureThatPassesIsNotKept(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "a 0")
	tp, fault := w.feed.find(t.Context(), w.feed.visit(stream.Conn{ID: 1}), &wire.Request{Kind: wire.KindQuery, Expr: "a"})
	if fault != nil {
		t.Fatal(fault)
	}
	defer w.feed.unpin(tp)
	good := tp.source.rows
	for reason, kept := range map[standing.Reason]bool{standing.Time: false, standing.Storage: false, standing.Execution: true} {
		from := begin - int64(reason)*1000 - 1
		tp.source.rows = func(context.Context, int64, int64) ([]row, error) {
			return []row{{t: begin, err: &standing.EvalError{Reason: reason, Err: errors.New(reason.String())}}}, nil
		}
		if p, err := tp.source.Page(t.Context(), from); err != nil || !strings.Contains(string(p.Messages[len(p.Messages)-1]), "query_failed") {
			t.Fatalf("%v: %s, %v", reason, p.Messages, err)
		}
		tp.source.rows = good
		if p, err := tp.source.Page(t.Context(), from); err != nil || kept != strings.Contains(string(p.Messages[len(p.Messages)-1]), "query_failed") {
			t.Errorf("%v: %s, %v", reason, p.Messages, err)
		}
	}
}

func TestFrom(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxReplay = 5 })
	for _, i := range []int64{0, 1, 2, 6, 7, 8, 9} {
		w.tick(begin+i*1000, fmt.Sprintf("a %d", i))
	}
	sample := func(sub, i int) string {
		return fmt.Sprintf(`{"op":"samples","sub":%d,"rev":1,"t":%d,"v":[%d]}`, sub, begin+int64(i)*1000, i)
	}
	series := func(sub int) string {
		return fmt.Sprintf(`{"op":"series","sub":%d,"rev":1,"series":[%s]}`, sub, seriesA)
	}

	t.Log("a time with a tick is inclusive")
	s := w.connect("samples=a&from=1763683208000")
	s.want(`{"op":"subscribed","id":"samples=a","sub":1,"t":1763683209000}`, series(1), sample(1, 8), sample(1, 9))
	s.quiet()

	t.Log("what was never taken is a gap, also at the beginning")
	s = w.connect("samples=a&from=-4s")
	s.want(`{"op":"subscribed","id":"samples=a","sub":1,"t":1763683209000}`,
		`{"op":"gap","sub":1,"from":1763683205000,"to":1763683205000,"missed":1,"reason":"down"}`,
		series(1), sample(1, 6), sample(1, 7), sample(1, 8), sample(1, 9))

	t.Log("more than max_replay begins with a gap")
	s = w.connect("query=a&from=2025-11-21T00:00:00Z")
	s.want(`{"op":"subscribed","id":"query=a","sub":2,"t":1763683209000}`,
		`{"op":"gap","sub":2,"from":1763683200000,"to":1763683204000,"missed":5,"reason":"long"}`,
		`{"op":"gap","sub":2,"from":1763683205000,"to":1763683205000,"missed":1,"reason":"down"}`,
		series(2), sample(2, 6), sample(2, 7), sample(2, 8), sample(2, 9))

	t.Log("multiples of every only; what follows comes without a seam")
	s = w.connect("samples=a&from=-4s&every=3s")
	s.want(`{"op":"subscribed","id":"samples=a","sub":3,"t":1763683209000}`, series(3), sample(3, 6), sample(3, 9))
	for i := int64(10); i <= 12; i++ {
		w.tick(begin+i*1000, fmt.Sprintf("a %d", i))
	}
	s.want(sample(3, 12)) // the columns that the replay named

	t.Log("a time that is still to come")
	s = w.connect("samples=a&from=" + strconv.FormatInt(begin+14_000, 10))
	s.want(`{"op":"subscribed","id":"samples=a","sub":1,"t":1763683212000}`)
	s.quiet()
	for i := int64(13); i <= 15; i++ {
		w.tick(begin+i*1000, fmt.Sprintf("a %d", i))
	}
	s.want(series(1), sample(1, 14), sample(1, 15))
}

// A scene is what some made-up ticks are like: series that come and go, ticks
// that are missing, a query that cannot always be evaluated.
type scene struct {
	r     *rand.Rand
	t     int64
	lives [6]bool
}

func (s *scene) next() (t int64, values []string) {
	s.t += 1000
	if s.r.IntN(12) == 0 {
		s.t += int64(s.r.IntN(5)) * 1000
	}
	for i := range s.lives {
		if s.r.IntN(15) == 0 {
			s.lives[i] = !s.lives[i]
		}
		if s.lives[i] {
			values = append(values, fmt.Sprintf("m{%d} %g", i, s.r.NormFloat64()))
		}
	}
	// Two of these have the same labels for `on()`: the query below fails then.
	for i := range s.r.IntN(4) / 2 * 2 {
		values = append(values, fmt.Sprintf("n{%d} %d", i, s.r.IntN(100)))
	}
	return s.t, values
}

var followed = []string{
	"samples=",
	"samples=m",
	"samples=m&every=3s",
	"query=sum%28m%29",
	"query=m+%3E+0",
	"query=rate%28m%5B5s%5D%29&every=2s",
	"query=m+%2B+on%28%29+group_left%28%29+n",
	"query=time%28%29&every=5s",
}

// What a live subscriber saw is what a replay gives, byte for byte, but for the
// revisions and the series messages at which pages begin.
func TestLiveIsReplay(t *testing.T) {
	const ticks = 300 // more than a page, more than a ring
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := newWorld(t)
	sc := &scene{r: rand.New(rand.NewPCG(seed, 0)), t: begin}
	w.tick(sc.t)
	live := make([]*socket, len(followed))
	saw := make([]reader, len(followed))
	for i, query := range followed {
		live[i] = w.connect(query)
		if m, ok := live[i].decoded().(*wire.Subscribed); !ok {
			t.Fatalf("%s: %+v", query, m)
		}
		saw[i].t = t
		saw[i].take(live[i].untilPongs()...) // it is followed from here on
	}
	for n := range ticks {
		at, values := sc.next()
		w.tick(at, values...)
		if n%20 == 19 {
			for i, s := range live {
				saw[i].take(s.untilPongs()...)
			}
		}
	}
	// A tick at which there is something to say to everybody, also of a rate.
	end := ceil(sc.t+2000, 30_000)
	w.tick(end-1000, "m 1", "n 1")
	w.tick(end, "m 2", "n 1")
	for i := range live {
		for !saw[i].reached(end) {
			saw[i].take(live[i].next())
		}
	}
	for i, query := range followed {
		s := w.connect(query + "&from=" + strconv.FormatInt(begin, 10))
		s.next()
		// As many messages as live, then nothing more.
		want, got := saw[i].out, reader{t: t}
		for n := 0; n < len(want); {
			if got.take(s.next()); len(got.out) == n {
				continue
			}
			if got.out[n] != want[n] {
				t.Fatalf("%s: message %d:\ngot  %s\nwant %s", query, n, got.out[n], want[n])
			}
			n = len(got.out)
		}
		s.quiet()
	}
	for what, times := range map[string]int{`"op":"gap"`: 5, `"code":"query_failed"`: 5} {
		n := 0
		for _, r := range saw {
			n += strings.Count(strings.Join(r.out, ""), what)
		}
		if n < times {
			t.Errorf("only %d times %s: this test compares too little", n, what)
		}
	}
}

// A reader makes messages comparable: a samples message becomes its values by
// series, and series messages are left out.
type reader struct {
	t       *testing.T
	columns []wire.Labels
	rev     uint64
	newest  int64 // the time of the last samples
	out     []string
}

func (r *reader) reached(t int64) bool { return r.newest >= t }

func (r *reader) take(messages ...string) {
	r.t.Helper()
	for _, text := range messages {
		m, err := wire.Decode([]byte(text))
		if err != nil {
			r.t.Fatal(err)
		}
		switch m := m.(type) {
		case *wire.Series:
			r.columns, r.rev = m.Series, m.Rev
		case *wire.Samples:
			if m.Rev != r.rev || len(m.V) != len(r.columns) {
				r.t.Fatalf("%s after series with rev %d and %d columns", text, r.rev, len(r.columns))
			}
			values := make(map[string]string)
			for i, v := range m.V {
				if !wire.IsNone(v) {
					values[fmt.Sprint(r.columns[i])] = string(wire.AppendFloat(nil, v))
				}
			}
			r.newest = m.T
			r.out = append(r.out, fmt.Sprint(m.T, values)) // Sprint orders maps
		default:
			r.out = append(r.out, text)
		}
	}
}

// Where no tick is stored that is due, a replay says so, too: what comes first is
// as far away as it is.
func TestFromBeforeTheFirstDueTick(t *testing.T) {
	w := newWorld(t)
	w.tick(begin+1000, "a 1")
	s := w.connect(fmt.Sprintf("query=a&every=2s&from=%d", begin-3000))
	s.want(`{"op":"subscribed","id":"query=a","sub":1,"t":1763683200000}`,
		`{"op":"gap","sub":1,"from":1763683198000,"to":1763683200000,"missed":2,"reason":"down"}`)
	late := w.connect("query=a&every=2s")
	late.next()
	s.quiet()
	w.tick(begin+2000, "a 2")
	for _, s := range []*socket{s, late} {
		s.want(`{"op":"series","sub":1,"rev":1,"series":[{"__name__":"a"}]}`, `{"op":"samples","sub":1,"rev":1,"t":1763683202000,"v":[2]}`)
	}
}
