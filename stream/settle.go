package stream

import (
	"context"
	"runtime/debug"
	"time"
)

const (
	// burst is how many connections must have come or gone before it is worth
	// while to tidy up after them.
	burst = 1000
	// securedWeight is how many plain connections a secured one counts for: its
	// handshake leaves that much more behind.
	securedWeight = 16
	// quiet is how many may come or go in a second while things count as settled.
	quiet = burst / 50
	// settles is how long at least from one time to the next.
	settles = 10 * time.Second
)

// settle gives memory back to the kernel when many connections have come or gone
// and a quiet second has followed: what handshakes leave behind is otherwise kept
// until the heap has doubled, and thousands of idle connections let it grow by
// nothing. It collects the garbage once, at the price of some ten milliseconds of
// one processor, beside the poll loops.
func (e *Engine) settle(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var s settling
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if s.due(now, e.stir()) {
				debug.FreeOSMemory()
			}
		}
	}
}

// stir counts who has come and gone so far.
func (e *Engine) stir() uint64 {
	in := e.accepted.Load()
	out := in - min(in, uint64(max(0, e.open.Load())))
	return in + out + (securedWeight-1)*e.secured.Load()
}

// settling decides when it is time.
type settling struct {
	last, done uint64 // the count a second ago, and when it was done last
	at         time.Time
}

func (s *settling) due(now time.Time, count uint64) bool {
	still := count-s.last <= quiet
	s.last = count
	if !still || count-s.done < burst || now.Sub(s.at) < settles {
		return false
	}
	s.done, s.at = count, now
	return true
}
