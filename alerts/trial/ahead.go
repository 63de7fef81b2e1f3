package trial

import (
	"context"
	"runtime"
	"sync"

	"monitord/history"
)

// ahead makes the windows of a replay: those of rules that wait for no other are
// evaluated before their turn, on all processors, but no more than a few ahead of
// the one that is at hand. Its methods are for one goroutine; end it by close.
type ahead struct {
	r       *Replay
	stages  []*stage
	eval    *history.Evaluator
	running chan struct{} // holds one for each query that runs
	jobs    map[job]*future
	next    job               // to be started
	last    []int64           // by stage: when it was last due, as far as windows were begun
	found   map[int64][]int64 // ticks of the chunks that are begun

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// A job is a window: of a stage, in the chunk that begins at from.
type job struct {
	from  int64
	stage int
}

type future struct {
	done   chan struct{}
	window *window
	err    error
}

func newAhead(ctx context.Context, r *Replay, stages []*stage) *ahead {
	a := &ahead{
		r: r, stages: stages, eval: r.History.Evaluator(maxWindowSamples),
		running: make(chan struct{}, runtime.GOMAXPROCS(0)),
		jobs:    make(map[job]*future), next: job{from: r.From},
		last: make([]int64, len(stages)), found: make(map[int64][]int64),
	}
	a.ctx, a.cancel = context.WithCancel(ctx)
	return a
}

// close waits for the queries that run.
func (a *ahead) close() {
	a.cancel()
	a.wg.Wait()
}

// ticks returns the recorded ticks of the chunk that begins at a time.
func (a *ahead) ticks(from int64) ([]int64, error) {
	if found, ok := a.found[from]; ok {
		return found, nil
	}
	found, err := a.r.History.Ticks(a.ctx, from, min(endOf(from, chunk)-1, a.r.To))
	if err == nil {
		a.found[from] = found
	}
	return found, err
}

// forget is called when the chunk is done with.
func (a *ahead) forget(from int64) { delete(a.found, from) }

// window returns the results of a stage in the chunk that begins at a time. It must
// be called once for each stage, chunk after chunk.
func (a *ahead) window(from int64, i int) (*window, error) {
	s := a.stages[i]
	if s.instants {
		return nil, nil
	}
	if s.waits {
		due, err := a.due(job{from, i})
		if err != nil {
			return nil, err
		}
		return newWindow(a.ctx, a.eval, s.rule, due)
	}
	if err := a.start(); err != nil {
		return nil, err
	}
	at := job{from, i}
	f := a.jobs[at]
	<-f.done
	delete(a.jobs, at)
	return f.window, f.err
}

// start starts the jobs that come next, as long as there is room for what they give.
func (a *ahead) start() error {
	for len(a.jobs) < 2*cap(a.running) && a.next.from <= a.r.To {
		at := a.next
		if a.next.stage++; a.next.stage == len(a.stages) {
			a.next = job{from: endOf(at.from, chunk)}
		}
		if s := a.stages[at.stage]; s.instants || s.waits {
			continue
		}
		due, err := a.due(at)
		if err != nil {
			return err
		}
		f := &future{done: make(chan struct{})}
		a.jobs[at] = f
		a.wg.Go(func() {
			defer close(f.done)
			a.running <- struct{}{}
			defer func() { <-a.running }()
			f.window, f.err = newWindow(a.ctx, a.eval, a.stages[at.stage].rule, due)
		})
	}
	return nil
}

// due returns when the rule of a job is evaluated. It must be called once for each.
func (a *ahead) due(at job) ([]int64, error) {
	ticks, err := a.ticks(at.from)
	var due []int64
	for _, t := range ticks {
		if a.stages[at.stage].rule.Due(t, a.last[at.stage]) {
			due, a.last[at.stage] = append(due, t), t
		}
	}
	return due, err
}
