package collectors

import (
	"log/slog"
	"sync"
	"time"
)

// A record is how one collector fares. It may be used by several goroutines.
// It logs when a collector begins to fail or to hang and when it is well again,
// not each time in between.
type record struct {
	name string
	log  *slog.Logger
	sub  stuckCounter // nil: the collector starts no goroutines

	mu      sync.Mutex // guards the fields below
	ran     bool
	took    time.Duration
	err     error
	hanging bool
	stats   CollectorStats
}

func newRecord(c Collector, log *slog.Logger) *record {
	sub, _ := c.(stuckCounter)
	return &record{name: c.Name(), log: log.With("collector", c.Name()), sub: sub}
}

// ended notes that a run has returned.
func (r *record) ended(o outcome) {
	r.mu.Lock()
	wasHanging, before := r.hanging, r.err
	r.ran, r.hanging, r.took, r.err = true, false, o.took, o.err
	r.stats.Runs++
	if o.err != nil {
		r.stats.Failed++
	}
	if o.panicked {
		r.stats.Panics++
	}
	r.mu.Unlock()

	switch {
	case o.err != nil && before == nil:
		r.log.Warn("collector fails", "err", o.err)
	case o.err == nil && before != nil:
		r.log.Info("collector works again")
	}
	if wasHanging {
		r.log.Info("collector has returned", "after", o.took)
	}
}

// hangs notes that a run has not returned for this long, and counts it once.
func (r *record) hangs(elapsed time.Duration) {
	r.mu.Lock()
	first := !r.hanging
	r.ran, r.hanging, r.took = true, true, elapsed
	if first {
		r.stats.Hung++
	}
	r.mu.Unlock()
	if first {
		r.log.Warn("collector hangs: skipped until it returns", "after", elapsed)
	}
}

// result returns what is reported about the collector at a tick; ran is false
// until it has run.
func (r *record) result() (took time.Duration, success, ran bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.took, r.err == nil && !r.hanging, r.ran
}

func (r *record) snapshot() CollectorStats {
	var stuck int
	if r.sub != nil {
		stuck = r.sub.Stuck()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stats
	s.Name = r.name
	s.Stuck = stuck
	if r.hanging {
		s.Stuck++
	}
	return s
}
