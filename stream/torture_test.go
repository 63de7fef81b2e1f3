//go:build torture

package stream

import "time"

// The full sizes and times, for `make torture`.
const (
	crowd     = 1000
	slowCrowd = 5000
	fragments = 1_000_000
	floodTime = 10 * time.Second
	stops     = 20 * time.Second
	stopPing  = 25 * time.Second
	stopPong  = 8 * time.Second
	newsEach  = 200 * time.Millisecond
	lateness  = 2 * time.Second
	latePing  = 25 * time.Second
	latePong  = 8 * time.Second
)
