package history

import (
	"context"
	"runtime/debug"
	"time"
)

// reopenEvery is how often a disk that took nothing is tried again.
const reopenEvery = 3 * time.Second

// Run keeps the history well until the context ends: it opens the disk again
// after a failure, brings what was held in memory to it, and closes what
// queries have let go.
func (db *DB) Run(ctx context.Context) error {
	retry := time.NewTicker(reopenEvery)
	defer retry.Stop()
	newest := db.newestBlock()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-db.wake:
		case <-retry.C:
			db.tryReopen()
			if block := db.newestBlock(); block != newest {
				// Writing a block takes buffers of 28 MB, which are needed again in half an
				// hour: until then they are the system's.
				newest = block
				debug.FreeOSMemory()
			}
		}
		if err := db.closeRetired(); err != nil {
			db.log.Warn("storage was not closed cleanly", "err", err)
		}
	}
}

// newestBlock returns the name of the block that was written last.
func (db *DB) newestBlock() string {
	db.mu.RLock()
	defer db.mu.RUnlock()
	newest := ""
	if db.disk != nil {
		for _, b := range db.disk.db.Blocks() {
			newest = max(newest, b.Meta().ULID.String())
		}
	}
	return newest
}

func (db *DB) poke() {
	select {
	case db.wake <- struct{}{}:
	default:
	}
}
