package trial

import (
	"context"
	"runtime"
	"sync"
)

// ahead makes the windows of a replay: those of rules that wait for no other are
// evaluated before their turn, on all processors, but no more than a few ahead of
// the one that is at hand. Its methods are for one goroutine; end it by close.
type ahead struct {
	r       *Replay
	stages  []*stage      // that wait for no other, in the order in which their turn comes
	running chan struct{} // holds one for each query that runs
	jobs    map[job]*future
	from    int64             // of the job to be started next
	next    int               // its stage
	last    map[*stage]int64  // when it was last due, as far as windows were begun
	found   map[int64][]int64 // ticks of the chunks that are begun

	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// A job is a window: of a stage, in the chunk that begins at from.
type job struct {
	from  int64
	stage *stage
}

type future struct {
	done   chan struct{}
	window *window
	err    error
}

func newAhead(ctx context.Context, r *Replay, blocks []*block, begin int64) *ahead {
	a := &ahead{
		r: r, running: make(chan struct{}, runtime.GOMAXPROCS(0)),
		jobs: make(map[job]*future), from: begin,
		last: make(map[*stage]int64), found: make(map[int64][]int64),
	}
	for _, b := range blocks {
		for _, s := range b.stages {
			if !s.instants && !s.waits {
				a.stages = append(a.stages, s)
			}
		}
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
// be called once for each stage, chunk after chunk, in the order of their turns.
func (a *ahead) window(from int64, s *stage) (*window, error) {
	if s.instants {
		return nil, nil
	}
	if s.waits {
		due, err := a.due(from, s)
		if err != nil {
			return nil, err
		}
		return newWindow(a.ctx, s.eval, s.rule, due)
	}
	if err := a.start(); err != nil {
		return nil, err
	}
	at := job{from, s}
	f := a.jobs[at]
	<-f.done
	delete(a.jobs, at)
	return f.window, f.err
}

// start starts the jobs that come next, as long as there is room for what they give.
func (a *ahead) start() error {
	for len(a.jobs) < 2*cap(a.running) && a.from <= a.r.To {
		s := a.stages[a.next]
		due, err := a.due(a.from, s)
		if err != nil {
			return err
		}
		f := &future{done: make(chan struct{})}
		a.jobs[job{a.from, s}] = f
		a.wg.Go(func() {
			defer close(f.done)
			a.running <- struct{}{}
			defer func() { <-a.running }()
			f.window, f.err = newWindow(a.ctx, s.eval, s.rule, due)
		})
		if a.next++; a.next == len(a.stages) {
			a.next, a.from = 0, endOf(a.from, chunk)
		}
	}
	return nil
}

// due returns when the rule of a stage is evaluated in the chunk that begins at a
// time. It must be called once for each.
func (a *ahead) due(from int64, s *stage) ([]int64, error) {
	ticks, err := a.ticks(from)
	var due []int64
	for _, t := range ticks {
		if s.rule.Due(t, a.last[s]) {
			due, a.last[s] = append(due, t), t
		}
	}
	return due, err
}
