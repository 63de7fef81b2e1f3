package collectors

import (
	"context"
	"sync"
	"time"

	"monitord/metric"
)

// slowDeadline is how long a collector between ticks may take before its values
// are no longer shown: with ticks a second apart a value that cannot be read is
// stale within five.
const slowDeadline = 4 * time.Second

// A backgroundTask is a collector that runs between ticks, because it may block.
// It has one goroutine, run; the tick's goroutine starts readings with kick and
// takes the newest finished one with adopt. While a reading hangs, no other is
// started.
type backgroundTask struct {
	*record
	c     Collector
	every time.Duration
	kicks chan time.Duration // room for one; sent to only when nothing runs

	slot    int64 // the multiple of every that was last started; tick's goroutine
	adopted *reading
	good    *reading        // the newest one adopted that did not fail
	lack    []metric.Unread // what it reads, made when a reading fails; nil: to be made
	points  []metric.Point  // of adopted

	mu      sync.Mutex // guards the fields below
	running bool
	started time.Duration // when what runs was started, in time that the host is awake
	latest  *reading      // immutable
}

// A reading is what one run between ticks found.
type reading struct {
	started time.Duration
	pending []pendingPoint
	dropped int
	unread  []metric.Unread
	failed  bool
}

func newBackgroundTask(c Collector, r *record, every time.Duration) *backgroundTask {
	return &backgroundTask{record: r, c: c, every: every, kicks: make(chan time.Duration, 1), slot: -1}
}

// run makes readings until ctx is done.
func (t *backgroundTask) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case started := <-t.kicks:
			t.read(ctx, started)
		}
	}
}

func (t *backgroundTask) read(ctx context.Context, started time.Duration) {
	limited, cancel := context.WithTimeout(ctx, slowDeadline)
	defer cancel()
	e := new(Emitter)
	o := run(limited, t.c, e)
	t.ended(o)

	t.mu.Lock()
	defer t.mu.Unlock()
	t.running = false
	t.latest = &reading{started: started, pending: e.pending, dropped: e.dropped, unread: e.unread, failed: o.err != nil}
}

// kick starts a reading if one is due at this tick and none runs. awake is the
// time that the host was awake: readings do not age by a clock that is set.
func (t *backgroundTask) kick(tick time.Time, awake time.Duration) {
	slot := tick.UnixNano() / int64(t.every)
	if slot == t.slot {
		return
	}
	t.mu.Lock()
	free := !t.running
	if free {
		t.running, t.started = true, awake
	}
	t.mu.Unlock()
	if free {
		t.slot = slot
		t.kicks <- awake
	}
}

// adopt adds the newest finished reading, unless it is too old or a newer one is
// overdue.
func (t *backgroundTask) adopt(awake time.Duration, b *batcher) {
	t.mu.Lock()
	r := t.latest
	elapsed := awake - t.started
	overdue := t.running && elapsed >= slowDeadline
	t.mu.Unlock()

	if overdue {
		t.hangs(elapsed)
		r = nil
	} else if r != nil && awake-r.started > t.every+slowDeadline {
		r = nil
	}
	if r != t.adopted {
		t.adopted, t.points = r, t.points[:0]
		if r != nil {
			for _, p := range r.pending {
				t.points = append(t.points, metric.Point{Series: b.reg.Series(p.desc, p.values...), V: p.v})
			}
			b.dropped += uint64(r.dropped)
		}
	}
	b.add(t.points, 0)
	b.lacks(t.lacking(r))
	b.reportOn(t.record)
}

// lacking returns what the collector should have read and a reading has not; there
// may be none.
func (t *backgroundTask) lacking(r *reading) []metric.Unread {
	if r != nil && !r.failed {
		t.good, t.lack = r, nil
		return r.unread
	}
	if _, _, ran := t.result(); !ran {
		return nil // it has just been asked for the first time
	}
	if t.lack == nil {
		var names []string
		if t.good != nil {
			for _, p := range t.good.pending {
				names = append(names, p.desc.Name)
			}
		}
		t.lack = unreadOf(t.name, names)
	}
	return t.lack
}
