//go:build torture

package hooks

import "time"

const (
	herdHooks = maxHooks
	herdSlack = time.Second
)
