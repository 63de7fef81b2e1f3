package history

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/promql"
)

// A DB is the history of one host. It must be made by [Open] and ended by
// [DB.Close]. Append and AppendValues are for one goroutine; everything else
// may be called by several at once, and beside them.
type DB struct {
	opts   Options
	log    *slog.Logger
	engine *promql.Engine
	gate   chan struct{} // a place for each query from outside that may run at once
	keep   *retention
	hold   holding

	write   sync.Mutex    // held while a tick is stored; guards the fields below
	starts  *resurrection // series that the run before left alive; nil once they are all accounted for
	now     atomic.Int64  // time of the tick before; set with write held
	doubled bool          // the disk has another tick of that time

	mu       sync.RWMutex // guards the fields below: what queries read
	lock     *dirLock     // nil while the directory cannot be written
	past     *record      // that stands below what is appended; nil but for a read-only history
	disk     *disk        // nil while nothing could be opened
	away     extent       // what the disk has, while it was open and could not be opened again
	writable bool         // the disk takes ticks, else the newest memory; set with write held too
	failedAt time.Time    // zero while the disk takes ticks
	nextTry  time.Time    // to open the disk again
	backoff  time.Duration
	memories []*memory // ticks that the disk does not have, oldest first; set with write held too
	folded   *fold     // nil unless the clock was set back since the start; set with write held too
	retired  []source  // no longer among what queries see, to be closed

	last atomic.Int64

	counts counters
	wake   chan struct{} // tells Run that the disk failed, or that a source is to be closed
	closed atomic.Bool
}

// Open opens the history in a directory, and makes it if there is none. A
// directory that another daemon uses is an error. One that cannot be written is
// not: the history then starts in memory and [DB.Run] tries again.
func Open(o Options) (*DB, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("open history: %w", err)
	}
	o.Dir = dir
	db := newDB(o)
	switch err := db.openFirst(); {
	case errors.Is(err, errLocked):
		return nil, fmt.Errorf("open history: another monitord uses %s: stop it or choose another data_dir", dir)
	case err != nil:
		db.fail("open", err)
	default:
		db.writable = true
		db.last.Store(db.disk.newest())
		db.now.Store(db.last.Load())
		db.starts = resurrect(db, db.disk.newest(), db.opts.Lookback)
	}
	return db, nil
}

// newDB returns a history that has nothing yet.
func newDB(o Options) *DB {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Lookback <= 0 {
		o.Lookback = DefaultLookback
	}
	db := &DB{
		opts:   o,
		log:    o.Log,
		engine: newEngine(o.Lookback, defaultSubqueryStep, maxSamples, o.Log),
		keep:   &retention{keep: o.Retention, maxSize: o.MaxSize, last: time.Now()},
		hold:   holding{span: memorySpan, most: maxMemories},
		gate:   make(chan struct{}, maxConcurrentQueries),
		wake:   make(chan struct{}, 1),
	}
	db.keep.log = storageLog(o.Log, &db.counts.logErrors)
	return db
}

func (db *DB) openFirst() error {
	err := os.MkdirAll(filepath.Join(memoryDir(db.opts.Dir), "chunks_head"), 0o750)
	if err != nil {
		return err
	}
	if db.lock, err = lockDir(db.opts.Dir); err != nil {
		return err
	}
	db.disk, err = openDisk(db.opts, db.keep)
	return err
}

// Close writes what is buffered and lets the directory go. It waits for the
// queries that run.
func (db *DB) Close() error {
	if db.closed.Swap(true) {
		return nil
	}
	db.write.Lock()
	defer db.write.Unlock()
	db.mu.Lock()
	if db.disk != nil {
		db.retired = append(db.retired, db.disk)
	}
	lost := db.heldTicks()
	for _, m := range db.memories {
		db.retired = append(db.retired, m)
	}
	if db.past != nil {
		db.retired = append(db.retired, db.past)
	}
	lock := db.lock
	db.disk, db.memories, db.lock, db.writable = nil, nil, nil, false
	db.mu.Unlock()
	if lost > 0 && !db.hold.alone {
		db.log.Error("history is closed before the disk took all ticks: those in memory are lost", "ticks", lost)
	}
	err := db.closeRetired()
	if lock != nil {
		err = errors.Join(err, lock.release())
	}
	if db.hold.temp != "" {
		err = errors.Join(err, os.RemoveAll(db.hold.temp))
	}
	if err != nil {
		return fmt.Errorf("close history: %w", err)
	}
	return nil
}

// closeRetired closes what no new query can reach any more.
func (db *DB) closeRetired() error {
	db.mu.Lock()
	retired := db.retired
	db.retired = nil
	db.mu.Unlock()
	var errs []error
	for _, s := range retired {
		errs = append(errs, s.close())
	}
	return errors.Join(errs...)
}

// Last returns the time of the newest tick in the history, in milliseconds, and
// 0 if there is none.
func (db *DB) Last() int64 { return db.last.Load() }

// Oldest returns the time of the oldest sample, in milliseconds, and 0 if there
// is none.
func (db *DB) Oldest() int64 {
	db.mu.RLock()
	defer db.mu.RUnlock()
	oldest := db.away.oldest
	if db.disk != nil {
		oldest = db.disk.oldest()
	}
	for _, m := range db.memories {
		if first := m.first.Load(); m.ticks.Load() > 0 && (oldest == 0 || first < oldest) {
			oldest = first
		}
	}
	return oldest
}

// Lookback returns how far an instant looks back for the newest sample of a series.
func (db *DB) Lookback() time.Duration { return db.opts.Lookback }
