package history

import "sync/atomic"

// Stats says how the history is.
type Stats struct {
	Writable     bool   // ticks go to the disk
	Series       int    // in the part that is not yet a block
	Blocks       int    // on disk
	Bytes        int64  // on disk, the log included
	Oldest       int64  // time of the oldest sample, milliseconds; 0 if there is none
	Newest       int64  // time of the newest tick, milliseconds; 0 if there is none
	MemoryTicks  int    // held in memory because the disk does not take them
	Commits      uint64 // ticks stored, in memory or on disk
	CommitErrors uint64 // ticks that the disk did not take when they came
	Dropped      uint64 // ticks that left memory before the disk took them
	TooOld       uint64 // ticks that the disk cannot take: too far behind the newest one, or it has others of their times
	Folded       bool   // the clock was set back, and has not come to the newest tick of before
	Rejected     uint64 // samples refused: two values for one series at one time
	LogErrors    uint64 // errors that the storage reported by itself, such as a failed compaction
}

type counters struct {
	commits, commitErrors, dropped, tooOld, rejected, logErrors atomic.Uint64
}

// Stats returns how the history is now.
func (db *DB) Stats() Stats {
	s := Stats{
		Oldest:       db.Oldest(),
		Newest:       db.last.Load(),
		Commits:      db.counts.commits.Load(),
		CommitErrors: db.counts.commitErrors.Load(),
		Dropped:      db.counts.dropped.Load(),
		TooOld:       db.counts.tooOld.Load(),
		Rejected:     db.counts.rejected.Load(),
		LogErrors:    db.counts.logErrors.Load(),
	}
	db.mu.RLock()
	defer db.mu.RUnlock()
	s.Writable = db.writable
	if db.disk != nil {
		s.Series, s.Blocks, s.Bytes = db.disk.size()
	}
	s.MemoryTicks = db.heldTicks()
	s.Folded = db.folded != nil && db.now.Load() <= db.folded.to
	return s
}

// heldTicks returns how many ticks are in memory alone. The caller holds db.mu.
func (db *DB) heldTicks() int {
	n := int64(0)
	for _, m := range db.memories {
		if m.tooOld.Load() {
			n += m.alone.Load()
		} else {
			n += m.ticks.Load()
		}
	}
	return int(n)
}
