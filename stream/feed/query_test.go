package feed

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"monitord/stream"
	"monitord/stream/wire"
)

// A query that a tick has no time for is evaluated with the next one.
func TestQueriesAreDeferredNotLeftOut(t *testing.T) {
	w := newWorld(t)
	q, err := w.feed.o.Standing.Get("a", time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Release()
	src := &source{feed: w.feed, every: 1000, line: timeline{sub: 1, every: 1000, last: begin - 1000}, revs: newRevisions()}
	late := &query{standing: q}
	c := clock{}
	tick := func(n int64) {
		w.store(begin+n*1000, fmt.Sprintf("a %d", n))
		c, _ = c.step(begin + n*1000)
		late.add(c, wire.Down)
	}
	none, cancel := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancel()
	tick(0)
	if items := late.evaluate(none, src, false, &w.feed.count, nil); len(items) != 0 {
		t.Fatalf("got %d items in no time", len(items))
	}
	tick(1)
	items := late.evaluate(t.Context(), src, false, &w.feed.count, nil)
	if len(items) != 2 || items[0].Entry.Pos != begin || items[1].Entry.Pos != begin+1000 {
		t.Fatalf("got %+v", items)
	}

	t.Log("one that waited for too long has a gap")
	for n := range int64(maxLate + 2) {
		tick(2 + n)
	}
	items = late.evaluate(t.Context(), src, false, &w.feed.count, nil)
	if len(items) != maxLate+1 {
		t.Fatalf("got %d items, want %d and a gap", len(items), maxLate)
	}
	want := fmt.Sprintf(`{"op":"gap","sub":1,"from":%d,"to":%d,"missed":2,"reason":"slow"}`, begin+2000, begin+3000)
	if got := string(items[0].Entry.Messages[0]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A query that alone takes longer than there is time for fails at that tick, so
// that it does not hold back itself and others for ever.
func TestASlowQueryFails(t *testing.T) {
	w := newWorld(t)
	for n := range int64(60) {
		w.store(begin+n*1000, "a 1")
	}
	// A minute of steps of a millisecond, many times over: more than any time limit.
	expr := "max_over_time((a" + strings.Repeat(" + a", 60) + ")[1m:1ms])"
	q, err := w.feed.o.Standing.Get(expr, time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Release()
	src := &source{feed: w.feed, every: 1000, line: timeline{sub: 1, every: 1000}, revs: newRevisions()}
	slow := &query{standing: q}
	c := clock{last: begin + 59_000}
	slow.add(c, wire.Down)
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	if items := slow.evaluate(short(), src, false, &w.feed.count, nil); len(items) != 0 || len(slow.due) != 1 {
		t.Fatalf("not deferred: %d items, %d due", len(items), len(slow.due))
	}
	var items []stream.Item
	for end := time.Now().Add(patience); len(items) == 0 && time.Now().Before(end); { // time may be over before it begins
		items = slow.evaluate(short(), src, true, &w.feed.count, nil)
	}
	if len(items) != 1 || !strings.Contains(string(items[0].Entry.Messages[0]), `"code":"query_failed"`) {
		t.Fatalf("got %+v", items)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	slow.add(c, wire.Down)
	if items := slow.evaluate(ended, src, true, &w.feed.count, nil); len(items) != 0 {
		t.Errorf("said something at the end: %s", items[0].Entry.Messages[0])
	}
}

func TestWhatIsReadyDoesNotWaitForASlowQuery(t *testing.T) {
	for expr, waits := range map[string]bool{"a": true, "count_over_time(vector(1)[200s:1ms])": false} {
		w := newWorld(t)
		w.tick(begin, "a 1")
		w.connect("query=" + url.QueryEscape(expr)).next()
		if waits {
			w.quick(w.queries()[0])
		}
		w.store(begin+1000, "a 2")
		other := w.feed.engine.NewTopic(stream.TopicOptions{})
		ready := stream.Item{Topic: other, Entry: stream.Entry{Pos: 1}}
		items := w.feed.evaluate(t.Context(), clock{last: begin + 1000}, wire.Down, w.queries(), []stream.Item{ready})
		if waited := len(items) > 0 && items[0].Topic == other; waited != waits {
			t.Errorf("what was ready waited for %s: %v", expr, waited)
		}
	}
}

// quick evaluates a query until that was as quick as it is: once it may have been held
// up.
func (w *world) quick(tp *topic) {
	w.t.Helper()
	for end := time.Now().Add(patience); speed(tp.query) > 0; {
		if _, err := tp.query.standing.Eval(w.t.Context(), begin); err != nil || time.Now().After(end) {
			w.t.Fatalf("%s takes %v (%v)", tp.key.expr, tp.query.standing.Cost(), err)
		}
	}
}

// queries returns the topics of queries.
func (w *world) queries() []*topic {
	w.feed.mu.Lock()
	defer w.feed.mu.Unlock()
	return w.feed.liveLocked(wire.KindQuery)
}

func TestQueryFails(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "a 1", "n{1} 1")
	s := w.connect("query=a%2Bon%28%29n")
	s.next()
	s.want(`{"op":"series","sub":1,"rev":1,"series":[{}]}`, `{"op":"samples","sub":1,"rev":1,"t":1763683200000,"v":[2]}`)
	w.tick(begin+1000, "a 1", "n{1} 1", "n{2} 1")
	m, ok := s.decoded().(*wire.Error)
	if !ok || m.Code != wire.QueryFailed || m.Sub != 1 || m.ID != "" || m.T != begin+1000 {
		t.Fatalf("got %+v", m)
	}
	late := w.connect("query=a%2Bon%28%29n")
	late.next()
	if m, ok := late.decoded().(*wire.Error); ok {
		t.Fatalf("got %+v before what the topic's columns are", m)
	}
	if m, ok := late.decoded().(*wire.Error); !ok || m.Code != wire.QueryFailed {
		t.Fatalf("got %+v", m)
	}
	w.tick(begin+2000, "a 3", "n{1} 1")
	for _, s := range []*socket{s, late} {
		s.want(`{"op":"samples","sub":1,"rev":1,"t":1763683202000,"v":[4]}`)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	w := newWorld(t)
	good := w.feed.o
	for name, change := range map[string]func(*Options){
		"no history":  func(o *Options) { o.History = nil },
		"no interval": func(o *Options) { o.Interval = 0 },
		"max_replay":  func(o *Options) { o.MaxReplay = 0 },
		"max_queries": func(o *Options) { o.MaxQueries = -1 },
	} {
		o := good
		change(&o)
		if _, err := New(o); err == nil || !strings.Contains(err.Error(), strings.TrimPrefix(name, "no ")) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := errors.Join(DefaultConfig().Validate()...); err != nil {
		t.Error(err)
	}
}
