package feed

import (
	"context"
	"time"
)

// A gate lets only a few evaluations run at once beside those of the tick, so that
// replays and new queries leave a processor for everything else. It is made by
// newGate and safe for concurrent use.
type gate struct {
	places  chan struct{}
	waiting chan struct{} // who waits for a place in tryEnter
}

const (
	maxWaiting = 2 // of the engine's workers, so that others go on
	shortWait  = 25 * time.Millisecond
)

func newGate(places int) *gate {
	return &gate{places: make(chan struct{}, max(places, 1)), waiting: make(chan struct{}, maxWaiting)}
}

// enter waits for a place until ctx ends. Who got one must leave.
func (g *gate) enter(ctx context.Context) error {
	select {
	case g.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// tryEnter is enter for what can be done later instead: it waits a moment at
// most, and not at all when others do.
func (g *gate) tryEnter(ctx context.Context) bool {
	select {
	case g.places <- struct{}{}:
		return ctx.Err() == nil || g.leave()
	default:
	}
	select {
	case g.waiting <- struct{}{}:
		defer func() { <-g.waiting }()
	default:
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, shortWait)
	defer cancel()
	return g.enter(ctx) == nil
}

// leave gives the place back. It returns false, for tryEnter.
func (g *gate) leave() bool {
	<-g.places
	return false
}
