package history

import (
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"time"
)

// A holding says how a history holds ticks in memory.
type holding struct {
	span  time.Duration // of one memory
	most  int           // memories; then the oldest goes
	alone bool          // ticks never go to a disk
	apart bool          // a memory for each span of the clock, whatever comes first
	step  time.Duration // of subqueries that name none; 0: the usual
	temp  string        // directory to remove at the end; may be empty
}

func (h holding) subqueryStep() time.Duration {
	if h.step > 0 {
		return h.step
	}
	return defaultSubqueryStep
}

// MemoryOptions are what [OpenMemory] needs to know.
type MemoryOptions struct {
	Lookback time.Duration // 0 means [DefaultLookback]
	// SubqueryStep is the step of a subquery that names none; 0 means a minute.
	SubqueryStep time.Duration
	Log          *slog.Logger // nil: nothing is logged
}

// forever is longer than any history in memory should be.
const forever = 100 * 365 * 24 * time.Hour

// OpenMemory returns an empty history that is in memory only and forgets nothing,
// for samples that are not the daemon's. Its times, which only grow, may begin
// anywhere. It needs no [DB.Run].
func OpenMemory(o MemoryOptions) (*DB, error) {
	db, err := openApart(Options{Lookback: o.Lookback, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("open history in memory: %w", err)
	}
	db.hold.span, db.hold.most, db.hold.step = forever, math.MaxInt, o.SubqueryStep
	db.engine = newEngine(db.opts.Lookback, db.hold.subqueryStep(), maxSamples, db.log)
	return db, nil
}

// openApart returns an empty history that is not the daemon's, with a directory
// of its own that goes when it is closed.
func openApart(o Options) (*DB, error) {
	dir, err := os.MkdirTemp("", "monitord-")
	if err != nil {
		if dir, err = os.MkdirTemp("/dev/shm", "monitord-"); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Join(memoryDir(dir), "chunks_head"), 0o750); err != nil {
		return nil, err
	}
	o.Dir = dir
	db := newDB(o)
	db.hold.alone, db.hold.temp = true, dir
	return db, nil
}
