package feed

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"monitord/stream/wire"
)

// Subscribers come at random moments, beginning at random times, while ticks run:
// everyone sees every tick from there to the end once.
func TestNoSeam(t *testing.T) {
	const (
		ticks   = 300
		readers = 24
	)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := newWorld(t)
	end := begin + ticks*1000
	moments := make([]chan int64, readers) // when to come: tells the newest tick
	for i := range moments {
		moments[i] = make(chan int64, 1)
	}
	var done sync.WaitGroup
	for i := range readers {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		query := followed[r.IntN(4)] // those that have something to say at every tick
		moment := moments[i]
		done.Go(func() {
			now := <-moment
			from := begin + r.Int64N(now-begin+2000)
			sweepSeam(t, w, query, from, end)
		})
	}
	r := rand.New(rand.NewPCG(seed, readers))
	pace := w.connect("")
	for n := int64(0); n <= ticks; n++ {
		pace.quiet() // the poll loops get a turn between two ticks
		w.tick(begin+n*1000, "m{1} "+strconv.FormatInt(n, 10), "m{2} 1")
		for i := range moments {
			if moments[i] != nil && (n == ticks-10 || r.IntN(ticks/2) == 0) {
				moments[i] <- begin + n*1000
				moments[i] = nil
			}
		}
	}
	done.Wait()
}

func sweepSeam(t *testing.T, w *world, query string, from, end int64) {
	s := dial(t, w.addr, query+"&from="+strconv.FormatInt(from, 10))
	every := int64(1000)
	if query == "samples=m&every=3s" {
		every = 3000
	}
	want, last := ceil(from, every), floor(end, every)
	for want <= last {
		got := int64(-1)
		switch m := s.decoded().(type) {
		case *wire.Samples:
			got, want = m.T-want, m.T+every
		case *wire.Gap: // ticks come much faster here than once a second
			if got, want = m.From-want, m.To+every; m.Reason != wire.Slow {
				t.Errorf("%s from %d: %+v", query, from, m)
			}
		default:
			continue
		}
		if got != 0 {
			t.Errorf("%s from %d: %d ms off before %d", query, from, got, want)
			return
		}
	}
}

// The same for the numbers of events.
func TestNoSeamInAlerts(t *testing.T) {
	const events = 400
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := newWorld(t)
	come := make(chan uint64, 16)
	var done sync.WaitGroup
	for range cap(come) {
		done.Go(func() {
			after := <-come
			s := dial(t, w.addr, "alerts=&after="+strconv.FormatUint(after, 10))
			for want := after + 1; want <= events; {
				m, ok := s.decoded().(*wire.Event)
				if !ok {
					continue
				}
				if m.Seq != want {
					t.Errorf("after %d: got %d, want %d", after, m.Seq, want)
					return
				}
				want++
			}
		})
	}
	r := rand.New(rand.NewPCG(seed, 0))
	left := cap(come)
	for n := 1; n <= events; n++ {
		w.fire("A", "page", "firing")
		if left > 0 && (r.IntN(events/20) == 0 || events-n < left) {
			come <- uint64(r.IntN(n + 1))
			left--
		}
	}
	done.Wait()
}

// A tick and a subscriber that makes its topic at the same time: the topic has
// the newest tick once.
func TestPrimingBesideATick(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "a 1")
	for n := int64(1); n <= 40; n++ {
		b := w.store(begin+n*1000, "a 1")
		var ticked sync.WaitGroup
		ticked.Go(func() { w.feed.Tick(context.Background(), b) })
		s := dial(t, w.addr, "query=a%2B"+strconv.FormatInt(n, 10)) // another topic each time
		ticked.Wait()
		first := nextSamples(s)
		if first == b.T-1000 {
			first = nextSamples(s)
		}
		if first != b.T {
			t.Fatalf("got the tick %d, want %d", first, b.T)
		}
		s.quiet()
		s.conn.Close()
	}
	w.feed.sweep(wire.KindQuery, time.Now(), 0)
}

func nextSamples(s *socket) int64 {
	for {
		if m, ok := s.decoded().(*wire.Samples); ok {
			return m.T
		}
	}
}
