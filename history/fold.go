package history

import (
	"context"
	"errors"
	"math"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// errDoubled is why a batch goes to memory although the disk is well: the clock
// has been set back, and the disk has a tick of this time from before.
var errDoubled = errors.New("the history has another tick of this time, from before the clock was set back")

// A fold is a time that came twice, because the clock was set back. What was there
// the first time stays on disk. The second time all ticks are in memory, which
// queries of these times see in place of the disk: both together would be read as
// counters that jump to and fro. The disk takes those ticks that it has nothing of.
type fold struct {
	from, to int64 // the first tick after the clock was set back, and the newest one before
}

func (f *fold) holds(t int64) bool { return f != nil && t >= f.from && t <= f.to }

// setFold takes note of the next tick's time, and whether the clock was set before
// it. The caller holds db.write.
func (db *DB) setFold(t int64, set bool) {
	before := db.now.Swap(t)
	f := db.folded
	switch {
	case before != 0 && t < before, set && f.holds(t):
		f = &fold{from: t, to: db.last.Load()}
	case f != nil && f.from <= f.to && t-f.to > maxMemories*memorySpan.Milliseconds():
		f = &fold{from: f.from, to: f.from - 1} // what queries at the present see still begins there
	default:
		return
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	db.folded = f
	var left []*memory
	for _, m := range db.memories {
		if m.tooOld.Load() {
			db.retired = append(db.retired, m)
			db.counts.dropped.Add(uint64(m.alone.Load()))
		} else {
			left = append(left, m)
		}
	}
	db.memories = left
	db.poke()
}

// putBeside stores what came at a time that had been before: in memory, and on
// disk if that has nothing of this time. The caller holds db.write.
func (db *DB) putBeside(t int64, ticks uint64, fill func(*writer)) error {
	if ticks > 0 {
		db.doubled = db.writable && db.stored(t)
	}
	if err := db.putMemory(t, true, fill); err != nil {
		db.counts.dropped.Add(ticks)
		return err
	}
	db.advance(t, ticks)
	err := errDoubled
	switch {
	case !db.writable:
		err = errors.New("the disk does not take it")
	case !db.doubled:
		if err = db.putDisk(t, fill); err != nil && !errors.Is(err, errTooOld) {
			db.fail("append", err)
		}
	}
	if err == nil {
		return nil
	}
	if errors.Is(err, errTooOld) || errors.Is(err, errDoubled) {
		db.counts.tooOld.Add(ticks)
	}
	db.counts.commitErrors.Add(ticks)
	db.memories[len(db.memories)-1].alone.Add(int64(ticks))
	return err
}

// stored says whether the disk has a tick of a time.
func (db *DB) stored(t int64) bool {
	q, err := db.disk.querier(t, t)
	if err != nil {
		return true // if it cannot be read it is better left alone
	}
	defer q.Close()
	up := labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, tickMetric)
	set := q.Select(context.Background(), false, &storage.SelectHints{Start: t, End: t}, up)
	return set.Next() || set.Err() != nil
}

// hidden returns the times of which queries do not see the disk; none if from > to.
// The caller holds db.mu.
func (db *DB) hidden() (from, to int64) {
	from, to = 0, -1
	for _, m := range db.memories {
		if !m.tooOld.Load() || m.ticks.Load() == 0 {
			continue
		}
		if from > to { // of older memories, that were dropped, the disk's times show again
			from = m.first.Load()
		}
		to = m.last.Load()
	}
	return from, to
}

// A span of a source is what of it is read.
type span struct {
	source
	from, to int64
}

// spans returns what of each source is read for [mint, maxt]. The caller holds db.mu.
func (db *DB) spans(mint, maxt int64) []span {
	from, to := db.hidden()
	var all []span
	both := func(s source) {
		if from > to || to < mint || from > maxt {
			all = append(all, span{s, mint, maxt})
			return
		}
		if mint < from {
			all = append(all, span{s, mint, from - 1})
		}
		if maxt > to {
			all = append(all, span{s, to + 1, maxt})
		}
	}
	if db.past != nil {
		both(db.past)
	}
	if db.disk != nil {
		both(db.disk)
	}
	for _, m := range db.memories {
		switch {
		case !m.overlaps(mint, maxt):
		case m.tooOld.Load():
			all = append(all, span{m, mint, maxt})
		default:
			both(m)
		}
	}
	return all
}

// floor returns the earliest time that an evaluation at time t may see. Behind a
// clock that was set back lies another time, whose counters do not lead up to
// the present ones.
func (db *DB) floor(t int64) int64 {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.folded == nil || t < db.folded.from {
		return math.MinInt64
	}
	return db.folded.from
}
