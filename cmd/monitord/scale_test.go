//go:build !torture

package main

import "time"

// Times of the tests that find more the longer they go on: short enough for every
// run. `make torture` has the full ones.
const (
	atRandom    = 12 * time.Second // of killing the daemon under its readers
	suspended   = 6 * time.Second  // of the daemon, stopped by a signal
	straceKills = 3                // of the daemon in each kind of call
	killing     = 40 * time.Second // of killing it under its alerts
)
