package history

import (
	"cmp"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/tsdb"
)

// deleteEvery is the least time between two deletions of a block, so that no
// clock gone wrong can empty the history before somebody looks.
const deleteEvery = 10 * time.Minute

// A retention decides which blocks go: the oldest ones, by age and by size, and
// never two within ten minutes of the monotonic clock.
type retention struct {
	keep    time.Duration
	maxSize int64
	log     *slog.Logger

	mu   sync.Mutex // guards the fields below
	head *tsdb.Head // for the size of its log; nil while it is being opened
	last time.Time  // when a block was deleted, or the daemon started: one that starts again and again deletes nothing
}

// watch names the head whose log counts as well.
func (r *retention) watch(h *tsdb.Head) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.head = h
}

// blocksToDelete is called by the storage whenever it loads its blocks. Blocks
// that were compacted into another one are not its business, but those that the
// storage marked are.
func (r *retention) blocksToDelete(blocks []*tsdb.Block) map[ulid.ULID]struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make(map[ulid.ULID]struct{})
	infos := make([]blockInfo, 0, len(blocks))
	for _, b := range blocks {
		meta := b.Meta()
		if meta.Compaction.Deletable {
			out[meta.ULID] = struct{}{}
			continue
		}
		infos = append(infos, blockInfo{id: meta.ULID, minTime: meta.MinTime, maxTime: meta.MaxTime, bytes: b.Size()})
	}
	logBytes := int64(0)
	if r.head != nil {
		logBytes = r.head.Size()
	}
	id, due := oldestDue(infos, logBytes, r.keep, r.maxSize)
	if due && time.Since(r.last) >= deleteEvery {
		r.last = time.Now()
		out[id] = struct{}{}
	}
	return out
}

type blockInfo struct {
	id               ulid.ULID
	minTime, maxTime int64
	bytes            int64
}

// recentEnough is how much history there must be of the time that makes the
// oldest block too old: after a jump of the clock, it does not count for a day.
const recentEnough = 24 * time.Hour

// oldestDue returns the oldest block if it lies as far behind the newest as the
// retention says, or if all of them together are too large.
func oldestDue(blocks []blockInfo, otherBytes int64, keep time.Duration, maxSize int64) (ulid.ULID, bool) {
	if len(blocks) < 2 {
		return ulid.ULID{}, false
	}
	byTime := func(a, b blockInfo) int {
		return cmp.Or(cmp.Compare(a.maxTime, b.maxTime), a.id.Compare(b.id))
	}
	oldest, newest := slices.MinFunc(blocks, byTime), slices.MaxFunc(blocks, byTime)
	since := newest.maxTime - keep.Milliseconds()
	total, recent := otherBytes, int64(0)
	for _, b := range blocks {
		total += b.bytes
		if b.minTime >= since {
			recent += b.maxTime - b.minTime
		}
	}
	tooOld := oldest.maxTime <= since && recent >= min(recentEnough, keep/4).Milliseconds()
	return oldest.id, tooOld || total > maxSize
}
