//go:build torture

package main

import "time"

// The full times, for `make torture`.
const (
	atRandom    = 10 * time.Minute
	suspended   = 15 * time.Second
	straceKills = 40
	killing     = 10 * time.Minute
)
