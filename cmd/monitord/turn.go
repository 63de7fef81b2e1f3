package main

import (
	"sync"
	"time"
)

// A turn is something that is done again and again, by one goroutine at a time,
// and that the watchdog looks at. The zero value has not been begun. It is safe
// for concurrent use.
type turn struct {
	mu    sync.Mutex // guards the fields below
	busy  bool
	ended time.Time // when it last did; zero before the first and while one is under way
	n     uint64    // that ended
	idles uint64    // looks at which nothing was to be done
}

func (t *turn) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy, t.ended = true, time.Time{}
}

func (t *turn) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.busy, t.ended = false, time.Now()
	t.n++
}

// every is the pulse of what has to be begun again and again: it moves with every
// turn, and while the next one is not overdue. Turns may be further apart than
// the watchdog's time.
func (t *turn) every(interval time.Duration) func() uint64 {
	return func() uint64 {
		t.mu.Lock()
		defer t.mu.Unlock()
		if !t.ended.IsZero() && time.Since(t.ended) < 2*interval {
			t.idles++
		}
		return t.n + t.idles
	}
}

// idle is the pulse of what need not be begun, but must end: it moves with every
// turn, and while there is none.
func (t *turn) idle() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.busy {
		t.idles++
	}
	return t.n + t.idles
}

// either is the pulse of something that consists of parts with pulses of their own:
// it moves when any of them does.
func either(pulses ...func() uint64) func() uint64 {
	return func() uint64 {
		var n uint64
		for _, turns := range pulses {
			n += turns()
		}
		return n
	}
}
