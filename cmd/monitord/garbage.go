package main

import (
	"context"
	"runtime"
	"runtime/metrics"
	"time"
)

// A cleaner collects garbage between two ticks, so that the runtime need not do it
// in one: a collection takes some milliseconds of all processors, and begins when
// memory is asked for, which is when a tick is on its way to those who wait for
// it. Use newCleaner. One goroutine calls ticked, another run.
type cleaner struct {
	pause time.Duration // after a tick, for what it has set off
	due   chan struct{} // holds one

	heap   []metrics.Sample // ticked's alone
	before uint64           // what had been allocated at the last look; likewise
}

func newCleaner(interval time.Duration) *cleaner {
	return &cleaner{
		pause: interval / 4,
		due:   make(chan struct{}, 1),
		heap: []metrics.Sample{
			{Name: "/gc/heap/live:bytes"}, {Name: "/gc/heap/goal:bytes"},
			{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/allocs:bytes"},
		},
	}
}

// ticked says that a tick is over. It looks at the heap itself: waking somebody
// after each tick would cost more than the look.
func (c *cleaner) ticked() {
	metrics.Read(c.heap)
	live, goal, now, allocated := c.heap[0].Value.Uint64(), c.heap[1].Value.Uint64(), c.heap[2].Value.Uint64(), c.heap[3].Value.Uint64()
	grown := allocated - c.before
	c.before = allocated
	if !worthCollecting(live, goal, now, grown) {
		return
	}
	select {
	case c.due <- struct{}{}:
	default:
	}
}

// run collects until the context ends.
func (c *cleaner) run(ctx context.Context) error {
	pause := time.NewTimer(0)
	<-pause.C
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-c.due:
		}
		pause.Reset(c.pause)
		select {
		case <-ctx.Done():
			pause.Stop()
			return nil
		case <-pause.C:
		}
		runtime.GC()
	}
}

// worthCollecting reports whether the runtime might collect by itself in the next
// interval, should that allocate twice of what the last one did. It does so when
// the heap has come from what was live to seven tenths of the way to its goal, or
// later.
func worthCollecting(live, goal, now, grown uint64) bool {
	return live < goal && now > live && now+2*grown > live+(goal-live)/10*7
}
