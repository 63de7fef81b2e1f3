package feed

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/journal"
	"monitord/stream/wire"
)

// After a restart a subscriber that says where it was gets everything since, and
// the time without the daemon is a gap, live as in a replay.
func TestRestart(t *testing.T) {
	w := newWorld(t)
	for n := range int64(3) {
		w.tick(begin+n*1000, fmt.Sprintf("a %d", n))
	}
	w.start() // another feed and engine over the same history
	newest := w.connect("samples=a")
	newest.want(`{"op":"subscribed","id":"samples=a","sub":1,"t":1763683202000}`,
		`{"op":"series","sub":1,"rev":1,"series":[`+seriesA+`]}`,
		`{"op":"samples","sub":1,"rev":1,"t":1763683202000,"v":[2]}`)
	for n := range int64(2) {
		w.tick(begin+60_000+n*1000, fmt.Sprintf("a %d", 60+n))
	}
	rest := []string{
		`{"op":"gap","sub":1,"from":1763683203000,"to":1763683259000,"missed":57,"reason":"down"}`,
		`{"op":"series","sub":1,"rev":1,"series":[` + seriesA + `]}`,
		`{"op":"samples","sub":1,"rev":1,"t":1763683260000,"v":[60]}`,
		`{"op":"samples","sub":1,"rev":1,"t":1763683261000,"v":[61]}`,
	}
	newest.want(rest...)
	back := w.connect("samples=a&from=1763683202001")
	back.want(`{"op":"subscribed","id":"samples=a","sub":1,"t":1763683261000}`)
	back.want(rest...)
	before := w.connect("samples=a&from=1763683140000")
	before.want(`{"op":"subscribed","id":"samples=a","sub":1,"t":1763683261000}`,
		`{"op":"gap","sub":1,"from":1763683140000,"to":1763683199000,"missed":60,"reason":"down"}`)
}

// A hole that is longer than many pages is one gap.
func TestALongHoleIsOneGap(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxReplay = 100_000; o.Retention = 3 * time.Hour })
	w.tick(begin, "a 1")
	w.tick(begin+7_200_000, "a 2")
	w.tick(begin+7_201_000, "a 3")
	for _, query := range []string{"samples=a", "query=a"} {
		s := w.connect(query + "&from=1763683200000")
		s.next()
		for _, want := range []string{`"t":1763683200000,"v":[1]`, `"from":1763683201000,"to":1763690399000,"missed":7199,"reason":"down"`, `"v":[2]`, `"v":[3]`} {
			text := s.next()
			for strings.HasPrefix(text, `{"op":"series"`) {
				text = s.next()
			}
			if !strings.Contains(text, want) {
				t.Errorf("%s: got %s, want %s", query, text, want)
			}
		}
		s.quiet()
	}
	t.Log("what is older than the retention is not kept any more")
	s := w.connect("samples=a&from=-5h&every=1m")
	s.next()
	if m, ok := s.decoded().(*wire.Gap); !ok || m.Reason != wire.Expired {
		t.Errorf("got %+v", m)
	}
}

// A reader that does not read misses ticks, is told which, and gets the newest.
func TestASlowReader(t *testing.T) {
	w := newWorld(t)
	wide := make([]string, 400)
	for i := range wide {
		wide[i] = fmt.Sprintf("wide_metric{%d} 0.12345678901234567", i)
	}
	s, pace := w.connect("samples="), w.connect("")
	if err := s.conn.(*net.TCPConn).SetReadBuffer(8 << 10); err != nil {
		t.Fatal(err)
	}
	const ticks = 200 // more bytes than the kernel takes for somebody who does not read
	for n := range int64(ticks) {
		w.tick(begin+n*1000, wide...)
		if n%16 == 0 {
			pace.quiet()
		}
	}
	s.next()
	next, gaps := int64(0), 0
	fresh := false
	for next < begin+ticks*1000 {
		switch m := s.decoded().(type) {
		case *wire.Series:
			fresh = true
		case *wire.Samples:
			if next != 0 && m.T != next {
				t.Fatalf("got the tick %d, want %d", m.T, next)
			}
			if !fresh {
				t.Fatalf("no series before the tick %d", m.T)
			}
			next = m.T + 1000
		case *wire.Gap:
			if m.Reason != wire.Slow || m.From != next || m.Missed != (m.To-m.From)/1000+1 {
				t.Fatalf("got %+v at %d", m, next)
			}
			next, fresh = m.To+1000, false
			gaps++
		}
	}
	if gaps == 0 {
		t.Error("no gap: this test compares too little")
	}
}

// A reader that was behind when the wall clock was stepped back missed the gap that
// says so: who knows of no step takes what comes for old.
func TestASlowReaderAtAStepOfTheClock(t *testing.T) {
	w := newWorld(t)
	w.tick(begin+60_000, "a 2")
	s := w.connect("samples=a")
	s.next()
	var src *source
	w.feed.mu.Lock()
	for _, tp := range w.feed.topics {
		src = tp.source
	}
	w.feed.mu.Unlock()
	before := w.feed.now().position(begin + 60_000)
	for n := range int64(3) {
		w.tick(begin+n*1000, "a 3")
	}
	told := func(after, next int64) wire.Gap {
		m, err := wire.Decode(src.Skipped(after, next)[0])
		if err != nil {
			t.Fatal(err)
		}
		return *m.(*wire.Gap)
	}
	c := w.feed.now()
	if g := told(before, c.position(begin+2000)); g.Reason != wire.Clock || g.From != begin+2000 || g.To != begin+60_000 {
		t.Errorf("got %+v", g)
	}
	if g := told(c.position(begin), c.position(begin+2000)); g.Reason != wire.Slow || g.From != begin+1000 || g.To != begin+1000 {
		t.Errorf("got %+v", g)
	}
}

// expiring is a journal that has dropped its oldest events.
type expiring struct {
	*journal.Journal
	first uint64
}

func (e *expiring) First() uint64 { return e.first }

func (e *expiring) Read(after uint64, limit int) ([]journal.Record, error) {
	if after+1 < e.first {
		return nil, fmt.Errorf("read: %w", journal.ErrExpired)
	}
	return e.Journal.Read(after, limit)
}

func TestExpiredAlerts(t *testing.T) {
	w := newWorld(t)
	j, err := journal.Open(t.TempDir(), journal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	e := &expiring{Journal: j, first: 1}
	open := func() {
		if w.log, err = alerts.OpenLog(e, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	}
	open()
	w.fire("A", "page", alerts.KindFiring, alerts.KindResolved, alerts.KindFiring, alerts.KindResolved)
	e.first = 3
	open() // without the events that it keeps in memory
	w.start()
	s := w.connect("alerts=&after=1")
	wantBrief(t, s, "subscribed 4", "gap 1 3 expired", "3 firing A", "4 resolved A")
	s.quiet()
	s = w.connect("alerts=&after=0")
	wantBrief(t, s, "subscribed 4", "3 firing A", "4 resolved A")
	s = w.connect("alerts=&after=7")
	wantBrief(t, s, "subscribed 4", "gap 7 3 lost", "3 firing A", "4 resolved A")

	t.Log("page by page, the gap is told once")
	e = &expiring{Journal: j, first: 4} // the feed of before reads the other one still
	open()
	w.start()
	var got []string
	from := "&after=1"
	for range 4 {
		a := w.poll("alerts=&wait=0&limit=1" + from)
		got = append(got, a.messages[min(1, len(a.messages)):]...)
		from = "&cursor=" + a.cursor
	}
	if len(got) != 2 || !strings.Contains(got[0], `"after":1,"next":4`) || !strings.Contains(got[1], `"seq":4`) {
		t.Errorf("got %q", got)
	}
}

// Clients come and go while ticks run and topics are dropped as soon as nobody
// follows them: nobody is left without an answer, and nothing remains.
func TestChurn(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxQueries = 6 })
	stop := make(chan struct{})
	var sweeping, clients sync.WaitGroup
	sweeping.Go(func() {
		for n := int64(0); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			w.tick(begin+n*1000, "a 1", "b{1} 2")
			w.fire("A", "page", alerts.KindFiring)
			for _, k := range []wire.Kind{wire.KindSamples, wire.KindQuery, wire.KindAlerts} {
				w.feed.sweep(k, time.Now(), 0)
			}
		}
	})
	for i := range 6 {
		r := rand.New(rand.NewPCG(3, uint64(i)))
		clients.Go(func() {
			s := dial(t, w.addr, "")
			for range 40 {
				kind := []string{`"samples":"%c"`, `"query":"%c"`, `"alerts":"{x=\"%c\"}"`}[r.IntN(3)]
				s.send(`{"op":"subscribe","id":"x",` + fmt.Sprintf(kind, 'a'+rune(r.IntN(3))) + `}`)
				answered(s, wire.OpSubscribed)
				s.send(`{"op":"unsubscribe","id":"x"}`)
				answered(s, wire.OpUnsubscribed)
			}
			s.conn.Close()
		})
	}
	clients.Wait()
	close(stop)
	sweeping.Wait()
	deadline := time.Now().Add(patience)
	for st := w.feed.Stats(); st.Samples+st.Queries+st.Alerts > 0; st = w.feed.Stats() {
		if time.Now().After(deadline) {
			t.Fatalf("topics remain: %+v", st)
		}
		w.tick(begin + 86_400_000 + time.Now().UnixMilli())
		for _, k := range []wire.Kind{wire.KindSamples, wire.KindQuery, wire.KindAlerts} {
			w.feed.sweep(k, time.Now(), 0)
		}
	}
}

func answered(s *socket, op string) {
	for {
		text := s.next()
		if strings.HasPrefix(text, `{"op":"`+op+`"`) {
			return
		}
		if strings.HasPrefix(text, `{"op":"error","id"`) {
			s.t.Errorf("got %s", text)
			return
		}
	}
}
