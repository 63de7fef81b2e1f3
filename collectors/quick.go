package collectors

import (
	"context"
	"time"

	"monitord/metric"
)

// A quickTask is a collector that runs at the tick. Only the tick's goroutine
// uses it.
type quickTask struct {
	*record
	c     Collector
	e     *Emitter
	hung  *worker // non-nil while it hangs in this one
	since time.Time
}

// A quickRunner runs the quick collectors of a tick in order. Only the tick's
// goroutine uses it; end it with stop.
type quickRunner struct {
	tasks    []*quickTask
	reg      *metric.Registry
	deadline time.Duration // of each
	w        *worker       // nil until there is work
	timer    *time.Timer
}

func newQuickRunner(reg *metric.Registry, interval time.Duration) *quickRunner {
	return &quickRunner{
		reg: reg,
		// Five that begin to hang at once cost a tick, and only that one: they
		// are skipped from then on.
		deadline: min(interval/5, time.Second),
	}
}

func (q *quickRunner) add(c Collector, r *record) {
	q.tasks = append(q.tasks, &quickTask{record: r, c: c, e: &Emitter{reg: q.reg}})
}

// collect runs every collector that does not hang, and adds what they found.
func (q *quickRunner) collect(ctx context.Context, b *batcher) {
	for _, t := range q.tasks {
		if q.run(ctx, t) {
			b.add(t.e.points, t.e.dropped)
		}
		b.reportOn(t.record)
	}
}

// run reports whether the collector has returned in time.
func (q *quickRunner) run(ctx context.Context, t *quickTask) bool {
	if t.hung != nil {
		select {
		case o := <-t.hung.done: // what it read is too old by now
			t.hung = nil
			t.ended(o)
		default:
			t.hangs(time.Since(t.since))
			return false
		}
	}
	if q.w == nil {
		q.w = startWorker(ctx)
	}
	if q.timer == nil {
		q.timer = time.NewTimer(q.deadline)
	} else {
		q.timer.Reset(q.deadline)
	}
	t.e.reset()
	t.since = time.Now()
	q.w.jobs <- job{t.c, t.e}
	select {
	case o := <-q.w.done:
		q.timer.Stop()
		t.ended(o)
		return true
	case <-q.timer.C:
		close(q.w.jobs)
		t.hung, q.w = q.w, nil
		t.e = &Emitter{reg: q.reg} // the old one is the hanging collector's
		t.hangs(time.Since(t.since))
		return false
	}
}

// stop ends the worker. One that hangs ends when its collector returns.
func (q *quickRunner) stop() {
	if q.w != nil {
		close(q.w.jobs)
		q.w = nil
	}
}
