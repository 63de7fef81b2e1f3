//go:build !torture

package hooks

import "time"

// A machine that builds and tests other things beside is slow at times.
const (
	herdHooks = 60
	herdSlack = time.Minute
)
