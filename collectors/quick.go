package collectors

import (
	"context"
	"errors"
	"io"
	"time"

	"monitord/metric"
)

// A quickTask is a collector that runs at the tick.
type quickTask struct {
	*record
	c   Collector
	e   *Emitter
	out outcome // of the newest run; the worker's lock guards it while it works

	good []metric.Point  // what it found when it was last well
	lack []metric.Unread // what it reads, made when it is not; nil: to be made

	hung  *worker // non-nil while it hangs in this one
	since time.Time
}

// A quickRunner runs the quick collectors of a tick in order. Only the tick's
// goroutine uses it; end it with stop.
type quickRunner struct {
	tasks    []*quickTask
	ready    []*quickTask // those of tasks that do not hang
	reg      *metric.Registry
	deadline time.Duration // of each
	w        *worker       // nil: none waits for work
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
	q.ready = q.ready[:0]
	for _, t := range q.tasks {
		if t.returned() {
			q.ready = append(q.ready, t)
		}
	}
	for tasks := q.ready; len(tasks) > 0; {
		hung := q.run(ctx, tasks)
		for _, t := range tasks[:hung] {
			t.ended(t.out)
		}
		if hung == len(tasks) {
			break
		}
		t := tasks[hung]
		t.hung, t.since = q.w, time.Now().Add(-q.deadline)
		t.e = &Emitter{reg: q.reg} // the old one is the hanging collector's
		t.hangs(q.deadline)
		q.w = nil
		tasks = tasks[hung+1:]
	}
	for _, t := range q.tasks {
		if t.hung == nil {
			b.add(t.e.points, t.e.dropped)
		}
		b.lacks(t.lacking())
		b.reportOn(t.record)
	}
}

// lacking returns what the collector should have read at this tick and did not.
func (t *quickTask) lacking() []metric.Unread {
	if t.hung == nil && t.out.err == nil {
		// The next run writes over the points of the one before.
		t.good, t.e.points, t.lack = t.e.points, t.good[:0], nil
		return t.e.unread
	}
	if t.lack == nil {
		t.lack = unreadOf(t.name, namesOf(t.good))
	}
	return t.lack
}

// returned reports whether the collector does not hang, or not any more.
func (t *quickTask) returned() bool {
	if t.hung == nil {
		return true
	}
	select {
	case <-t.hung.done: // what it read is too old by now
		t.ended(t.hung.late)
		t.hung = nil
		return true
	default:
		t.hangs(time.Since(t.since))
		return false
	}
}

// run lets the worker run tasks and returns the index of the one that hangs, or
// their number.
func (q *quickRunner) run(ctx context.Context, tasks []*quickTask) int {
	if q.w == nil {
		q.w = startWorker(ctx)
	}
	if q.timer == nil {
		q.timer = time.NewTimer(q.deadline)
	} else {
		q.timer.Reset(q.deadline)
	}
	defer q.timer.Stop()
	q.w.hand(tasks)
	for {
		select {
		case <-q.w.done:
			return len(tasks)
		case <-q.timer.C:
			at, wait := q.w.abandon(len(tasks), q.deadline)
			if wait == 0 {
				return at
			}
			q.timer.Reset(wait)
		}
	}
}

// stop ends the worker and closes the collectors that have something to close.
// One that hangs ends when it returns, and is not closed.
func (q *quickRunner) stop() error {
	if q.w != nil {
		close(q.w.jobs)
		q.w = nil
	}
	var faults []error
	for _, t := range q.tasks {
		if c, ok := t.c.(io.Closer); ok && t.hung == nil {
			faults = append(faults, c.Close())
		}
	}
	return errors.Join(faults...)
}
