package collectors

import "context"

// A Collector reads one subject of the host.
//
// Collect is called by one goroutine at a time and adds what it found to e. It
// may fail half-way: what it added before stays. It keeps neither e nor ctx when
// it has returned. A collector may keep what it needs to know from one call to
// the next without a lock of its own.
type Collector interface {
	// Name is the value of the label "collector" in what is reported about it.
	Name() string
	Collect(ctx context.Context, e *Emitter) error
}

// stuckCounter is what a collector has that starts goroutines of its own, which
// may hang: it says how many of them do at the moment.
type stuckCounter interface{ Stuck() int }
