package feed

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"monitord/stream/wire"
)

// A query beyond a bound is told so at every tick, replays of it too, and others
// do not notice.
func TestAQueryBeyondABound(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxQuerySamples = 5 })
	wide := make([]string, 10)
	for i := range wide {
		wide[i] = fmt.Sprintf("m{%d} 1", i)
	}
	w.tick(begin, wide...)
	s := w.connect("query=m&query=count%28up%29")
	for n := range int64(4) {
		if n > 0 {
			w.tick(begin+n*1000, wide...)
		}
		failed, fine := false, false
		for !failed || !fine {
			switch m := s.decoded().(type) {
			case *wire.Error:
				failed = true
				if m.Code != wire.QueryFailed || m.Sub != 1 || m.T != begin+n*1000 || !strings.Contains(m.Message, "max_query_samples in [stream]") {
					t.Errorf("got %+v", m)
				}
			case *wire.Samples:
				fine = true
			}
		}
	}
	if st := w.feed.o.Standing.Stats(); st.Failed["samples"] < 2 {
		t.Errorf("got %+v", st)
	}
	s = w.connect(fmt.Sprintf("query=m&from=%d", begin))
	s.next()
	for n := range int64(4) {
		if m, ok := s.decoded().(*wire.Error); !ok || m.Code != wire.QueryFailed || m.T != begin+n*1000 {
			t.Errorf("replay: got %+v", m)
		}
	}
	s.quiet()
}

// One address cannot take all there is; what it has left gives way at once.
func TestTopicsOfOneAddressAreBounded(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxQueriesPerAddress, o.MaxQueries = 3, 10 })
	f := w.feed
	greedy := visit{client{addr: netip.MustParseAddr("192.0.2.1")}, time.Now().Add(time.Minute)}
	local := visit{client{conn: 7}, time.Now().Add(time.Minute)}
	get := func(v visit, expr string) (*topic, *wire.Error) {
		return f.find(context.Background(), v, &wire.Request{Kind: wire.KindQuery, Expr: expr})
	}
	var held []*topic
	for i := range 3 {
		tp, fault := get(greedy, fmt.Sprint("up + ", i))
		if fault != nil {
			t.Fatal(fault)
		}
		held = append(held, tp)
	}
	if _, fault := get(greedy, "up + 3"); fault == nil || fault.Code != wire.TooMany || !strings.Contains(fault.Message, "max_queries_per_address in [stream]") {
		t.Errorf("one too many: %+v", fault)
	}
	for _, v := range []visit{greedy, local} {
		if _, fault := get(v, "up + 2"); fault != nil {
			t.Errorf("one that there is already: %+v", fault)
		}
	}
	for i := range 5 {
		if _, fault := get(local, fmt.Sprint("up + 1", i)); fault != nil {
			t.Errorf("somebody else: %+v", fault)
		}
	}
	f.unpin(held[0])
	if _, fault := get(greedy, "up + 4"); fault != nil {
		t.Errorf("after leaving one: %+v", fault)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.topics[held[0].key] == held[0] || f.kinds[wire.KindQuery] != 8 || f.owned[greedy.client] != 3 {
		t.Errorf("%d topics, %d of the address", f.kinds[wire.KindQuery], f.owned[greedy.client])
	}
}

// A client with slow queries waits for its own; those of others come first, and
// among one client's the quick ones.
func TestSlowQueriesHoldUpTheirClientOnly(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "a 1")
	find := func(conn uint64, expr string, waiting int64) *topic {
		v := visit{client{conn: conn}, time.Now().Add(time.Minute)}
		tp, fault := w.feed.find(t.Context(), v, &wire.Request{Kind: wire.KindQuery, Expr: expr})
		if fault != nil {
			t.Fatal(fault)
		}
		if !strings.HasPrefix(tp.key.expr, "count_over_time") {
			w.quick(tp)
		}
		tp.query.due = []moment{{t: begin - waiting*1000}}
		return tp
	}
	const slow = "count_over_time(vector(%d)[200s:1ms])"
	want := []*topic{
		find(3, "a + 1", 1), find(2, "a + 2", 0), // little spent: by how long they have waited
		find(2, fmt.Sprintf(slow, 1), 0),
		find(1, "a + 3", 0), find(1, fmt.Sprintf(slow, 2), 9), find(1, fmt.Sprintf(slow, 3), 8),
	}
	spent := spending{client{conn: 1}: 100 * time.Millisecond, client{conn: 2}: 700 * time.Microsecond}
	got := slices.Clone(want)
	for range 20 {
		rand.Shuffle(len(got), func(i, j int) { got[i], got[j] = got[j], got[i] })
		spent.order(got)
		if !slices.Equal(got, want) {
			for _, tp := range got {
				t.Error(tp.key.expr)
			}
			t.FailNow()
		}
	}
	for range 100 {
		spent.tick()
	}
	if len(spent) > 0 {
		t.Errorf("remembered for ever: %v", spent)
	}
}

// When there is no place to evaluate a new query at once, the next tick gives what
// it would have begun with.
func TestANewQueryMayWaitForTheNextTick(t *testing.T) {
	for name, block := range map[string]func(*Feed){
		"no place": func(f *Feed) {
			f.beside = newGate(1)
			f.beside.places <- struct{}{}
		},
		"no time": func(f *Feed) { f.patience = -time.Second },
	} {
		w := newWorld(t)
		w.tick(begin, "a 0")
		block(w.feed)
		s := w.connect("query=a&query=" + url.QueryEscape("a+0") + "&every=5s")
		for range 2 {
			if m, ok := s.decoded().(*wire.Subscribed); !ok || m.T != begin {
				t.Fatalf("%s: got %+v", name, m)
			}
		}
		s.quiet()
		w.tick(begin+1000, "a 1")
		seen := make(map[uint32]int)
		for len(seen) < 2 {
			if m, ok := s.decoded().(*wire.Samples); ok {
				if m.T != begin || m.V[0] != 0 {
					t.Fatalf("%s: got %+v", name, m)
				}
				seen[m.Sub]++
			}
		}
		s.quiet()
		if n := w.feed.Stats().Postponed; n != 2 {
			t.Errorf("%s: %d postponed, want 2", name, n)
		}
	}
}

func TestRefusalsAreCounted(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.MaxQueries = 1 })
	w.tick(begin, "a 1")
	s := w.connect("query=a&query=b&query=sum%28&query=c&samples=%7B")
	for range 5 {
		s.next()
	}
	if a := w.poll("query=sum%28"); a.status != 400 {
		t.Errorf("a poll is answered with %d", a.status)
	}
	got := w.feed.Stats().RefusedQueries
	if got["too_many"] != 2 || got["bad_query"] != 2 || got["bad_time"] != 0 {
		t.Errorf("got %v", got)
	}
}
