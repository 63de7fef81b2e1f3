package journal

import (
	"sync/atomic"
	"time"
)

// Stats is the state of a journal at one moment.
type Stats struct {
	First, Last uint64
	Segments    int
	Bytes       int64         // of all segments, the one allocated ahead included
	Damaged     uint64        // stretches that could not be read, since Open
	Lost        uint64        // numbers given out whose events could not be read, since Open
	WriteErrors uint64        // writes and syncs that failed, since Open
	Dropped     uint64        // segments dropped by age or size, since Open
	Syncs       uint64        // of Append, since Open
	SyncTime    time.Duration // spent in them
	AllocFailed bool          // the space for the next segment was refused when last asked for
	Broken      bool          // the last Append came to nothing
}

// counts are what Stats is made of. The zero value is ready; all of it is atomic.
type counts struct {
	damaged, lost, writeErrors, dropped, syncs atomic.Uint64
	syncing                                    atomic.Int64 // nanoseconds
	allocFailed, broken, hasNext               atomic.Bool
	failing                                    atomic.Bool // a write has failed, and none has succeeded since: said once
}

// Stats never waits for the disk.
func (j *Journal) Stats() Stats {
	v := j.view.Load()
	n := len(v.segs)
	if j.counts.hasNext.Load() {
		n++
	}
	return Stats{
		First: v.first, Last: v.last,
		Segments:    len(v.segs),
		Bytes:       int64(n) * j.size,
		Damaged:     j.counts.damaged.Load(),
		Lost:        j.counts.lost.Load(),
		WriteErrors: j.counts.writeErrors.Load(),
		Dropped:     j.counts.dropped.Load(),
		Syncs:       j.counts.syncs.Load(),
		SyncTime:    time.Duration(j.counts.syncing.Load()),
		AllocFailed: j.counts.allocFailed.Load(),
		Broken:      j.counts.broken.Load(),
	}
}
