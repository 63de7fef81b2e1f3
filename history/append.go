package history

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"

	"monitord/metric"
)

var staleNaN = math.Float64frombits(value.StaleNaN)

// errTooOld is why a batch goes to memory although the disk is well: the clock
// has stepped back further than the storage can follow.
var errTooOld = errors.New("further behind the newest tick than the storage takes")

var errNoRoom = errors.New("no room for what is out of order")

// Append stores a tick and commits it. When it returns, queries see the tick.
// An error says that the tick is held in memory only; it is queried like any
// other, and goes to disk as soon as the disk takes it again.
func (db *DB) Append(b metric.Batch) error {
	db.write.Lock()
	defer db.write.Unlock()
	if !db.closed.Load() && !db.hold.alone {
		db.setFold(b.T, b.Step != 0)
	}
	gone := db.starts.gone(b)
	if db.starts.done() {
		db.starts = nil
	}
	return db.put(b.T, 1, func(w *writer) {
		for _, p := range b.Points {
			w.point(p.Series, p.V)
		}
		for _, s := range b.Ended {
			w.point(s, staleNaN)
			delete(w.refs, s)
		}
		for _, ls := range gone {
			w.value(ls, staleNaN)
		}
	})
}

// AppendValues stores values that no collector found, such as the results of
// rules, at the time of a tick. Those that ended get a staleness marker.
func (db *DB) AppendValues(t int64, values []metric.Value, ended []labels.Labels) error {
	if len(values) == 0 && len(ended) == 0 {
		return nil
	}
	db.write.Lock()
	defer db.write.Unlock()
	db.starts.claim(values)
	return db.put(t, 0, func(w *writer) {
		for _, v := range values {
			w.value(v.Labels, v.V)
		}
		for _, ls := range ended {
			w.value(ls, staleNaN)
		}
	})
}

// put stores what fill writes, at time t: on disk if the disk takes it, else in
// memory. In what is counted it stands for the given number of ticks: what is
// added to a tick is no further one.
func (db *DB) put(t int64, ticks uint64, fill func(*writer)) error {
	if db.closed.Load() {
		return errors.New("append: history is closed")
	}
	if db.hold.alone {
		if err := errors.Join(db.putMemory(t, false, fill), db.closeRetired()); err != nil {
			return fmt.Errorf("append: %w", err)
		}
		db.advance(t, ticks)
		return nil
	}
	if db.folded.holds(t) {
		if err := db.putBeside(t, ticks, fill); err != nil {
			return fmt.Errorf("append: tick is held in memory: %w", err)
		}
		return nil
	}
	var diskErr error
	if db.writable {
		diskErr = db.putDisk(t, fill)
		if diskErr == nil {
			db.advance(t, ticks)
			return nil
		}
		if errors.Is(diskErr, errTooOld) {
			db.counts.tooOld.Add(ticks)
		} else {
			db.fail("append", diskErr)
		}
	} else {
		diskErr = errors.New("the disk does not take it")
	}
	db.counts.commitErrors.Add(ticks)
	if err := db.putMemory(t, errors.Is(diskErr, errTooOld), fill); err != nil {
		db.counts.dropped.Add(ticks)
		return fmt.Errorf("append: %w", errors.Join(diskErr, err))
	}
	db.advance(t, ticks)
	return fmt.Errorf("append: tick is held in memory: %w", diskErr)
}

func (db *DB) advance(t int64, ticks uint64) {
	db.counts.commits.Add(ticks)
	db.last.Store(max(db.last.Load(), t))
}

func (db *DB) putDisk(t int64, fill func(*writer)) error {
	if t < db.last.Load() && !hasRoom(db.opts.Dir) {
		// For what is out of order the storage swallows the error of its log and
		// panics on the error of its chunks: it must not come to that.
		return errNoRoom
	}
	w := &writer{app: db.disk.db.Appender(context.Background()), t: t, refs: db.disk.refs, counts: &db.counts}
	fill(w)
	return w.commit()
}

func (db *DB) putMemory(t int64, tooOld bool, fill func(*writer)) error {
	m, err := db.memoryFor(t, tooOld)
	if err != nil {
		return err
	}
	w := &writer{app: m.head.Appender(context.Background()), t: t, refs: m.refs, counts: &db.counts}
	fill(w)
	if err := w.commit(); err != nil {
		return err
	}
	m.took(t)
	return nil
}

// A writer puts the samples of one tick into an appender.
type writer struct {
	app    storage.Appender
	t      int64
	refs   map[*metric.Series]storage.SeriesRef
	counts *counters
	err    error
}

func (w *writer) point(s *metric.Series, v float64) {
	known := w.refs[s]
	if ref := w.add(known, s.Labels, v); ref != 0 && ref != known {
		w.refs[s] = ref
	}
}

func (w *writer) value(ls labels.Labels, v float64) { w.add(0, ls, v) }

func (w *writer) add(ref storage.SeriesRef, ls labels.Labels, v float64) storage.SeriesRef {
	if w.err != nil {
		return 0
	}
	ref, err := w.app.Append(ref, ls, w.t, v)
	switch {
	case err == nil:
		return ref
	case errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfBounds):
		w.err = errTooOld
	default: // this sample's own fault: a second value for its time, labels that are none
		w.counts.rejected.Add(1)
	}
	return 0
}

func (w *writer) commit() error {
	if w.err == nil {
		return w.app.Commit()
	}
	// New series are logged all the same. When the log does not take them, later
	// samples of theirs would be lost at the next start: that the disk has failed says more
	// than that this tick is none for it.
	if err := w.app.Rollback(); err != nil {
		return err
	}
	return w.err
}
