//go:build !torture

package stream

import "time"

// Sizes and times of the tests that hold the engine to what it must survive: small
// enough for every run. `make torture` has the full ones.
const (
	crowd     = 100 // clients at once
	slowCrowd = 500 // that never finish what they began
	fragments = 100_000
	floodTime = 500 * time.Millisecond
	stops     = 5 * time.Second // how long a client stops reading
	stopPing  = 6 * time.Second // and what it is judged by
	stopPong  = 4 * time.Second
	newsEach  = 50 * time.Millisecond
	lateness  = 200 * time.Millisecond // of a slow relay
	latePing  = 2500 * time.Millisecond
	latePong  = 800 * time.Millisecond
)
