package history

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// maxBackoff is how long a disk is left alone at most that cannot be opened
// though it takes what is written.
const maxBackoff = 5 * time.Minute

// fail notes that the disk takes nothing, and says so once. The storage stays
// open for those who read: its commits would be lost at the next start, because
// its log may be torn in the middle, so it gets no more of them. The caller
// holds db.write, or is Open.
func (db *DB) fail(op string, err error) {
	db.mu.Lock()
	first := db.failedAt.IsZero()
	if first {
		db.failedAt = time.Now()
	}
	db.writable = false
	db.mu.Unlock()
	if first {
		db.log.Error("history cannot write: ticks are held in memory until it can", "op", op, "dir", db.opts.Dir, "err", err)
	}
	db.poke()
}

// memoryFor returns the memory that takes a tick at time t, a new one if the
// newest does not.
func (db *DB) memoryFor(t int64, tooOld bool) (*memory, error) {
	for i, m := range slices.Backward(db.memories) {
		if m.takes(t, tooOld) && (db.hold.apart || i == len(db.memories)-1) {
			return m, nil
		}
	}
	m, err := newMemory(db.opts.Dir, db.hold.span, tooOld)
	if err != nil {
		return nil, err
	}
	m.apart = db.hold.apart
	db.mu.Lock()
	defer db.mu.Unlock()
	db.memories = append(db.memories, m)
	if len(db.memories) > db.hold.most {
		oldest := db.memories[0]
		db.memories = append([]*memory(nil), db.memories[1:]...)
		db.retired = append(db.retired, oldest)
		if oldest.tooOld.Load() {
			db.counts.dropped.Add(uint64(oldest.alone.Load()))
		} else {
			db.counts.dropped.Add(uint64(oldest.ticks.Load()))
		}
		db.poke()
	}
	return m, nil
}

// tryReopen opens the disk again if it failed and seems to take something, and
// brings to it what is held in memory.
func (db *DB) tryReopen() {
	db.mu.RLock()
	failedAt, nextTry := db.failedAt, db.nextTry
	db.mu.RUnlock()
	if failedAt.IsZero() || db.closed.Load() || time.Now().Before(nextTry) {
		return
	}
	err := db.reopen()
	var ticks int
	if err == nil {
		ticks, err = db.catchUp()
	}
	if err != nil {
		db.log.Debug("history still cannot write", "err", err)
		return
	}
	db.log.Info("history writes again", "after", time.Since(failedAt).Round(time.Second), "ticks", ticks)
}

// An extent is from the oldest sample to the newest, in milliseconds; zero: there are
// none.
type extent struct{ oldest, newest int64 }

var errAway = errors.New("the history on disk cannot be opened at present")

// reopen closes the failed storage and opens it anew. Queries wait meanwhile:
// an answer without the last hours would be wrong. If it cannot be opened, those that
// reach back to what it has are errors.
func (db *DB) reopen() error {
	if err := os.MkdirAll(db.opts.Dir, 0o750); err != nil {
		return err
	}
	if err := probe(db.opts.Dir); err != nil {
		return err
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed.Load() {
		return errors.New("history is closed")
	}
	if db.lock == nil {
		lock, err := lockDir(db.opts.Dir)
		if err != nil {
			return err
		}
		db.lock = lock
	}
	if db.disk != nil {
		db.away = extent{db.disk.oldest(), db.disk.newest()}
		if err := db.disk.close(); err != nil {
			db.log.Debug("failed storage was not closed cleanly", "err", err)
		}
		db.disk = nil
	}
	d, err := openDisk(db.opts, db.keep)
	if err != nil {
		// The probe fits, so it is something else, such as a damaged block, and a
		// failed attempt leaves an empty segment of the log behind.
		db.backoff = min(max(2*db.backoff, reopenEvery), maxBackoff)
		db.nextTry = time.Now().Add(db.backoff)
		return fmt.Errorf("open again: %w", err)
	}
	db.backoff = 0
	db.disk, db.away = d, extent{}
	db.last.Store(max(db.last.Load(), d.newest()))
	return nil
}
