package feed

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"monitord/alerts"
)

// After a restart those who come back ask for the same: one reads, for all.
func TestThoseWhoResumeTogetherShareThePages(t *testing.T) {
	const clients = 200
	w := newWorld(t)
	for i := range int64(10) {
		w.tick(begin+i*1000, fmt.Sprintf("a %d", i))
	}
	w.fire("Busy", "critical", alerts.KindPending, alerts.KindFiring)
	w.start() // again, over what is stored

	query := fmt.Sprintf("query=a&alerts=&from=%d&after=1&epoch=%s", begin+5000, w.log.Epoch())
	var all sync.WaitGroup
	errs := make(chan error, clients)
	for range clients {
		all.Go(func() { errs <- resume(w, query) })
	}
	all.Wait()
	for range clients {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	s := w.feed.Stats()
	if s.PagesMade > 4 || s.PagesMade+s.PagesShared < clients {
		t.Errorf("%d pages made and %d shared for %d who came back to two topics", s.PagesMade, s.PagesShared, clients)
	}
	if s.Queries != 1 || s.Alerts != 1 {
		t.Errorf("%d topics for queries and %d for alerts, want one each", s.Queries, s.Alerts)
	}
}

// resume reads on until everything that was missed has come.
func resume(w *world, query string) error {
	s, status := handshake(w.t, w.addr, query)
	for ; status == 503; s, status = handshake(w.t, w.addr, query) {
		s.conn.Close() // the engine has not begun to run
	}
	defer s.conn.Close()
	want := map[string]bool{`"op":"alert","sub":`: true}
	for i := int64(5); i < 10; i++ {
		want[fmt.Sprintf(`"t":%d,"v":[%d]`, begin+i*1000, i)] = true
	}
	for len(want) > 0 {
		_, payload, err := s.frameIn()
		if err != nil {
			return fmt.Errorf("missing %v: %w", want, err)
		}
		for part := range want {
			if strings.Contains(string(payload), part) {
				delete(want, part)
			}
		}
	}
	return nil
}

// A topic that is gone is not found by how it was written, and one that was asked
// for in other words is the same.
func TestSpellingsEndWithTheirTopic(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "a 1", "b 2")
	for _, query := range []string{"query=a%2Bb", "query=a+%2B+b", "query=a%2Bb", "samples={__name__=%22a%22}", "samples=a", "alerts=&samples=a"} {
		s := w.connect(query)
		if got := s.next(); !strings.HasPrefix(got, `{"op":"subscribed",`) {
			t.Fatalf("%s: %s", query, got)
		}
		s.conn.Close()
	}
	count := func() (topics, spellings int) {
		w.feed.mu.Lock()
		defer w.feed.mu.Unlock()
		return len(w.feed.topics), len(w.feed.spellings)
	}
	if topics, spellings := count(); topics != 3 || spellings != 5 {
		t.Errorf("%d topics known by %d spellings, want 3 by 5", topics, spellings)
	}
	w.feed.mu.Lock()
	for _, tp := range w.feed.topics {
		w.feed.forgetLocked(tp)
	}
	w.feed.mu.Unlock()
	if topics, spellings := count(); topics != 0 || spellings != 0 {
		t.Errorf("%d topics and %d spellings are left", topics, spellings)
	}
}
