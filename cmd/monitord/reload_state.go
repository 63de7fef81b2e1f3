package main

import (
	"slices"
	"sync/atomic"

	"monitord/metric"
)

// reloadState is how the last reload of the configuration ended.
type reloadState struct {
	failed atomic.Bool
	at     atomic.Int64 // Unix milliseconds of the last success
}

// overlay returns a batch with the state as it is now: whoever has just reloaded
// and looks at the metrics sees how that went, not how it was at the last tick.
func (s *reloadState) overlay(b metric.Batch) metric.Batch {
	b.Points = slices.Clone(b.Points) // others read the batch
	for i := range b.Points {
		switch p := &b.Points[i]; p.Series.Desc {
		case descReloadOK:
			p.V = bit(!s.failed.Load())
		case descReloadAt:
			p.V = float64(s.at.Load()) / 1000
		}
	}
	return b
}
