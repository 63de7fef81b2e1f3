package stream

import (
	"context"
	"sync"
)

// A job is done by a worker.
type job interface{ run(context.Context) }

type work func(context.Context)

func (w work) run(ctx context.Context) { w(ctx) }

// A pool runs jobs in the order of their arrival, as many at once as goroutines
// call run. Its queue needs no bound of its own: a connection has at most one
// call of the handler and one page of a replay in it.
type pool struct {
	mu     sync.Mutex // guards the fields below
	ready  sync.Cond
	jobs   []job
	head   int
	closed bool
}

func newPool() *pool {
	p := &pool{}
	p.ready.L = &p.mu
	return p
}

// add queues a job. After close it does nothing.
func (p *pool) add(j job) {
	p.mu.Lock()
	if !p.closed {
		p.jobs = append(p.jobs, j)
	}
	p.mu.Unlock()
	p.ready.Signal()
}

// run works until close; jobs that have not begun by then never do.
func (p *pool) run(ctx context.Context) {
	for {
		p.mu.Lock()
		for p.head == len(p.jobs) && !p.closed {
			p.ready.Wait()
		}
		if p.closed {
			p.mu.Unlock()
			return
		}
		j := p.jobs[p.head]
		p.jobs[p.head] = nil
		p.head++
		if p.head == len(p.jobs) {
			p.jobs, p.head = p.jobs[:0], 0
			if cap(p.jobs) > 4096 {
				p.jobs = nil // a burst is over
			}
		} else if p.head >= 4096 {
			p.jobs = append(p.jobs[:0], p.jobs[p.head:]...)
			p.head = 0
		}
		p.mu.Unlock()
		j.run(ctx)
	}
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.jobs = nil
	p.mu.Unlock()
	p.ready.Broadcast()
}
