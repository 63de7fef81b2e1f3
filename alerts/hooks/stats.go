package hooks

import (
	"time"

	"monitord/alerts/match"
)

// HookStats is the state of a hook at one moment. Counts are since the start.
type HookStats struct {
	Name, Type   string
	Delivered    uint64
	Failed       uint64    // attempts
	GivenUp      uint64    // deliveries, those of the alert GivesUp aside
	Regular      bool      // it resends or sends heartbeats
	Chores       uint64    // resends or heartbeats that were made
	ChoresFailed uint64    // those that failed, and heartbeats that were not sent since not all was well
	LastChore    time.Time // when one was made
	Delayed      uint64    // deliveries that MaxPerMinute has held back
	Dead         int       // deliveries that were given up and are kept
	Skipped      uint64    // events without a number that found no room
	Waiting      int       // deliveries that are neither made nor given up
	Running      int       // attempts under way
	LastSuccess  time.Time
	LastFailure  time.Time
	LastError    string // holds no secret
	LastDuration time.Duration

	matchers match.Matchers // which alerts it is told of
	beats    bool           // it sends heartbeats and is told of none
}

// Stats returns the hooks in the order of the configuration. It waits for nothing.
func (r *Runner) Stats() []HookStats {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]HookStats(nil), r.stats...)
}

// publish brings Stats up to date.
func (r *Runner) publish() {
	stats := make([]HookStats, len(r.hooks))
	for i, h := range r.hooks {
		stats[i] = h.stats
		stats[i].Waiting, stats[i].Running, stats[i].Dead = h.waiting, h.running, len(h.dead)
		stats[i].Regular = h.chore != nil
		stats[i].matchers, stats[i].beats = h.matchers, h.Heartbeat > 0
	}
	r.mu.Lock()
	r.stats = stats
	r.mu.Unlock()
}
