package stream

import (
	"context"
	"sync"
)

// A job is done by a worker.
type job interface{ run(context.Context) }

type work func(context.Context)

func (w work) run(ctx context.Context) { w(ctx) }

// A pool runs jobs, as many at once as goroutines call run: calls of the handler
// and pages of replays, each in the order of their arrival and by turns. Of the
// pages only maxPages are read at once, so that slow ones leave workers for the
// calls. Its queues need no bound of their own: a connection has at most one call
// and one page in them.
type pool struct {
	maxPages int // must not change

	mu      sync.Mutex // guards the fields below
	ready   sync.Cond
	calls   fifo
	pages   fifo
	reading int  // pages that are being read
	turn    bool // the next job is a page, if it may be
	closed  bool
}

func newPool(maxPages int) *pool {
	p := &pool{maxPages: max(maxPages, 1)}
	p.ready.L = &p.mu
	return p
}

// add queues a call of the handler. After close it does nothing.
func (p *pool) add(j job) { p.push(&p.calls, j) }

// addPage queues a page of a replay. After close it does nothing.
func (p *pool) addPage(j job) { p.push(&p.pages, j) }

func (p *pool) push(q *fifo, j job) {
	p.mu.Lock()
	if !p.closed {
		q.push(j)
	}
	p.mu.Unlock()
	p.ready.Signal()
}

// run works until close; jobs that have not begun by then never do.
func (p *pool) run(ctx context.Context) {
	for {
		j, page := p.next()
		if j == nil {
			return
		}
		j.run(ctx)
		if page {
			p.mu.Lock()
			p.reading--
			more := p.pages.len() > 0
			p.mu.Unlock()
			if more {
				p.ready.Signal()
			}
		}
	}
}

// next waits for a job; nil after close.
func (p *pool) next() (j job, page bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for {
		if p.closed {
			return nil, false
		}
		mayRead := p.pages.len() > 0 && p.reading < p.maxPages
		if page = mayRead && (p.turn || p.calls.len() == 0); page || p.calls.len() > 0 {
			break
		}
		p.ready.Wait()
	}
	p.turn = !page
	if page {
		p.reading++
		return p.pages.pop(), true
	}
	return p.calls.pop(), false
}

func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	p.calls, p.pages = fifo{}, fifo{}
	p.mu.Unlock()
	p.ready.Broadcast()
}

// A fifo is a queue of jobs. The zero value is empty.
type fifo struct {
	jobs []job
	head int
}

func (q *fifo) len() int { return len(q.jobs) - q.head }

func (q *fifo) push(j job) { q.jobs = append(q.jobs, j) }

// pop returns the oldest job; there must be one.
func (q *fifo) pop() job {
	j := q.jobs[q.head]
	q.jobs[q.head] = nil
	q.head++
	if q.head == len(q.jobs) {
		q.jobs, q.head = q.jobs[:0], 0
		if cap(q.jobs) > 4096 {
			q.jobs = nil // a burst is over
		}
	} else if q.head >= 4096 {
		q.jobs = append(q.jobs[:0], q.jobs[q.head:]...)
		q.head = 0
	}
	return j
}
