package history

import (
	"context"
	"time"
)

// reopenEvery is how often a disk that took nothing is tried again.
const reopenEvery = 5 * time.Second

// Run keeps the history well until the context ends: it opens the disk again
// after a failure, brings what was held in memory to it, and closes what
// queries have let go.
func (db *DB) Run(ctx context.Context) error {
	retry := time.NewTicker(reopenEvery)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-db.wake:
		case <-retry.C:
			db.tryReopen()
		}
		if err := db.closeRetired(); err != nil {
			db.log.Warn("storage was not closed cleanly", "err", err)
		}
	}
}

func (db *DB) poke() {
	select {
	case db.wake <- struct{}{}:
	default:
	}
}
