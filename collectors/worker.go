package collectors

import (
	"context"
	"fmt"
	"runtime/debug"
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
// from the tick's, so that the tick can walk away from one that hangs. A worker
// that was walked away from is never given another job; it ends when the
// collector returns. Make it with startWorker, end it by closing jobs.
type worker struct {
	jobs chan job
	done chan outcome // room for one: who walked away need not receive
}

type job struct {
	c Collector
	e *Emitter
}

func startWorker(ctx context.Context) *worker {
	w := &worker{jobs: make(chan job), done: make(chan outcome, 1)}
	go func() {
		for j := range w.jobs {
			w.done <- run(ctx, j.c, j.e)
		}
	}()
	return w
}
