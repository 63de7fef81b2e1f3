package feed

import (
	"strings"
	"sync"
	"testing"

	"monitord/alerts"
	"monitord/metric"
)

// askBeside polls beside the test, and returns when it waits.
func (w *world) askBeside(t *testing.T, query string, got *sync.WaitGroup) *answer {
	var a answer
	got.Go(func() {
		var err error
		if a, err = w.ask(query); err != nil {
			t.Error(err)
		}
	})
	eventually(t, "it waits", func() bool { return w.feed.marks.waiting() == 1 })
	return &a
}

func TestPollIsWokenByATickThatAlertsInterrupt(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "m 1")
	var got sync.WaitGroup
	a := w.askBeside(t, "samples=m&wait=2m&cursor="+w.poll("samples=m").cursor, &got)
	b := w.store(begin+1000, "m 2")

	// What Tick does when a slow query follows, and events come while that runs.
	f := w.feed
	f.ticking.Lock()
	f.mu.Lock()
	f.clock, _ = f.clock.step(b.T)
	c, tp := f.clock, f.liveLocked("samples")[0]
	f.mu.Unlock()
	f.marks.publish(tp.source.items(nil, c, tp.samples.tick(&tp.source.line, b)))
	w.fire("A", "page", alerts.KindFiring)
	eventually(t, "told", func() bool { return eventNumber(f.marks.now().alerts) == 1 })
	f.marks.complete(nil, func(m *mark) { m.clock = c })
	f.marks.wakeStirred(nil)
	f.ticking.Unlock()

	eventually(t, "it is woken", func() bool { return f.marks.waiting() == 0 })
	got.Wait()
	if len(a.messages) != 3 || a.messages[2] != sampleAt(begin+1000, 2) {
		t.Errorf("%s", a.body)
	}
	if n := len(f.marks.stirred); n != 0 {
		t.Errorf("%d topics are kept", n)
	}
}

// underWay begins the tick of a batch that is stored, and stops in the middle. It
// returns what makes the tick whole.
func (w *world) underWay(b metric.Batch) (whole func()) {
	f := w.feed
	f.ticking.Lock()
	f.mu.Lock()
	f.clock, _ = f.clock.step(b.T)
	c := f.clock
	f.mu.Unlock()
	return func() {
		f.marks.complete(nil, func(m *mark) { m.clock = c })
		f.marks.wakeStirred(nil)
		f.ticking.Unlock()
	}
}

func TestPollOfANewTopicIsWokenByTheTickUnderWay(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "m 1")
	cursor := w.poll("samples=up").cursor
	b := w.store(begin+1000, "m 2")
	whole := w.underWay(b)
	var got sync.WaitGroup
	a := w.askBeside(t, "samples=m&wait=2m&cursor="+cursor, &got)
	whole()
	eventually(t, "it is woken", func() bool { return w.feed.marks.waiting() == 0 })
	got.Wait()
	if len(a.messages) != 3 {
		t.Errorf("%s", a.body)
	}
}

// What a page has said of a tick that is not whole is said again when it is, its
// columns included.
func TestPollThatHasReadBeyondTheMarkIsToldTheColumns(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "m 1")
	cursor := w.poll("samples=up").cursor
	w.tick(begin+1000, "m 2")
	b := w.store(begin+2000, "m 3")
	whole := w.underWay(b)
	var got sync.WaitGroup
	a := w.askBeside(t, "samples=m&every=2s&wait=2m&cursor="+cursor, &got)
	eventually(t, "it has read a page", func() bool { return w.feed.Stats().PagesMade == 1 })
	whole()
	got.Wait()
	if len(a.messages) != 3 || !strings.Contains(a.messages[1], `{"op":"series",`) || !strings.Contains(a.messages[2], `"t":1763683202000,"v":[3]`) {
		t.Errorf("%s", a.body)
	}
}

func TestPollIsWokenWhenALateQueryKeepsNothingBackAnyMore(t *testing.T) {
	w := newWorld(t)
	f := w.feed
	w.tick(begin, "m 1")
	const query = "query=m%3E5&samples=m&every=2s"
	var got sync.WaitGroup
	a := w.askBeside(t, query+"&wait=2m&cursor="+w.poll(query).cursor, &got)
	budget := f.budget
	f.budget = 0
	w.tick(begin+2000, "m 2")
	if len(f.marks.now().late) != 1 {
		t.Fatal("the query is not late")
	}
	eventually(t, "it looks", func() bool {
		f.marks.waitMu.Lock()
		defer f.marks.waitMu.Unlock()
		for _, of := range f.marks.byTopic {
			for waiter := range of {
				return len(waiter.woken) == 0
			}
		}
		return false
	})
	f.budget = budget
	w.tick(begin+3000, "m 3") // at which the samples are not due, and the query has no result
	eventually(t, "it is woken", func() bool { return f.marks.waiting() == 0 })
	got.Wait()
	if n := len(a.messages); n < 2 || !strings.Contains(a.messages[n-1], `"t":1763683202000,"v":[2]`) {
		t.Errorf("%s", a.body)
	}
}
