package collectors

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"
)

// An outcome is how one run of a collector ended.
type outcome struct {
	took     time.Duration
	err      error
	panicked bool
}

// run runs a collector once. A panic becomes an error with its stack.
func run(ctx context.Context, c Collector, e *Emitter) (o outcome) {
	start := time.Now()
	defer func() {
		o.took = time.Since(start)
		if p := recover(); p != nil {
			o.err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
			o.panicked = true
			e.reset() // whatever it added may be nonsense
		}
	}()
	o.err = c.Collect(ctx, e)
	return o
}

// A worker runs quick collectors, one after the other, in one goroutine apart
// from the tick's, so that the tick can walk away from one that hangs. All of a
// tick's are handed over at once: waking a goroutine costs as much as a short
// collector. A worker that was walked away from gets no other job; it ends when
// the collector that hangs has returned. Make it with startWorker, end it by
// closing jobs.
type worker struct {
	jobs chan []*quickTask
	done chan struct{} // room for one: the jobs are done, or the last of them has returned

	mu    sync.Mutex // guards the fields below, and out of the tasks at work
	at    int        // index of the task that runs, or is next; their number when all are done
	since time.Time  // when it was started, or could have been
	gone  bool       // the tick has walked away
	late  outcome    // of the task that it walked away from, once done
}

func startWorker(ctx context.Context) *worker {
	w := &worker{jobs: make(chan []*quickTask), done: make(chan struct{}, 1)}
	go func() {
		for tasks := range w.jobs {
			w.work(ctx, tasks)
			w.done <- struct{}{}
		}
	}()
	return w
}

// hand gives the worker its next tasks; it must have none.
func (w *worker) hand(tasks []*quickTask) {
	w.mu.Lock()
	w.at, w.since = 0, time.Now()
	w.mu.Unlock()
	w.jobs <- tasks
}

func (w *worker) work(ctx context.Context, tasks []*quickTask) {
	for i, t := range tasks {
		e, ok := w.begin(i, t)
		if !ok {
			return
		}
		w.end(t, run(ctx, t.c, e))
	}
}

func (w *worker) begin(i int, t *quickTask) (*Emitter, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		return nil, false
	}
	w.at, w.since = i, time.Now()
	t.e.reset()
	return t.e, true
}

func (w *worker) end(t *quickTask, o outcome) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gone {
		w.late = o
		return
	}
	t.out = o
	w.at++
	w.since = time.Now()
}

// abandon walks away if one of n tasks has run for the deadline, and returns
// which. Otherwise it returns how long there is to wait at least.
func (w *worker) abandon(n int, deadline time.Duration) (at int, wait time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	wait = deadline - time.Since(w.since)
	if w.at == n || wait > 0 {
		return 0, max(wait, time.Millisecond)
	}
	w.gone = true
	close(w.jobs)
	return w.at, 0
}
