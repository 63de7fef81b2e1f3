package history

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"monitord/metric"
)

const (
	blockSpan       = 30 * time.Minute // seconds fill blocks soon: short ones keep memory and replay small
	maxBlockSpan    = 24 * time.Hour   // what is deleted at once when the retention ends
	outOfOrder      = 24 * time.Hour   // how far the clock may step back
	segmentSize     = 8 << 20          // of the log
	stripes         = 512              // for thousands of series, not millions
	outOfOrderChunk = 255              // samples; the most there may be, so that they are rarely written
	writeBuffer     = 64 << 10         // for chunks, which are written when the storage is closed only

	// Mapping the chunks of the head to files saves little (6 MiB an hour at 500
	// series) and panics on a full disk: it is never done while the daemon runs.
	neverReload = 10 * 365 * 24 * time.Hour
)

// A source is one place that queries read: the disk, or ticks held in memory.
type source interface {
	querier(mint, maxt int64) (storage.Querier, error)
	acquire()
	release()
	close() error
}

// readers counts the queries that read a source, so that its files are not
// unmapped beneath them. acquire must not be called once the source can be
// closed: it is called while the source is still among those that queries see.
type readers struct{ n sync.WaitGroup }

func (r *readers) acquire() { r.n.Add(1) }
func (r *readers) release() { r.n.Done() }

// A disk is the storage as it is on disk, and its references to the series of
// batches. The references are the appending goroutine's.
type disk struct {
	readers
	db   *tsdb.DB
	refs map[*metric.Series]storage.SeriesRef
}

func openDisk(o Options, keep *retention) (*disk, error) {
	opts := tsdb.DefaultOptions()
	opts.NoLockfile = true
	opts.WALSegmentSize = segmentSize
	opts.WALCompression = "snappy"
	opts.StripeSize = stripes
	opts.MinBlockDuration = blockSpan.Milliseconds()
	opts.MaxBlockDuration = min(maxBlockSpan, o.Retention/4).Milliseconds()
	opts.OutOfOrderTimeWindow = outOfOrder.Milliseconds()
	opts.OutOfOrderCapMax = outOfOrderChunk
	opts.HeadChunksWriteBufferSize = writeBuffer
	opts.BlockReloadInterval = neverReload
	opts.BlocksToDelete = keep.blocksToDelete
	keep.watch(nil)
	db, err := openStorage(o.Dir, keep.log, opts)
	if err != nil {
		return nil, err
	}
	keep.watch(db.Head())
	return &disk{db: db, refs: make(map[*metric.Series]storage.SeriesRef)}, nil
}

// newest returns the time of the newest sample, 0 if there is none.
func (d *disk) newest() int64 {
	newest := int64(0)
	if t := d.db.Head().MaxTime(); t != math.MinInt64 {
		newest = t
	}
	if t := d.db.Head().MaxOOOTime(); t != math.MinInt64 {
		newest = max(newest, t)
	}
	for _, b := range d.db.Blocks() {
		newest = max(newest, b.MaxTime()-1) // a block's end is exclusive
	}
	return newest
}

func (d *disk) querier(mint, maxt int64) (storage.Querier, error) {
	return d.db.Querier(mint, maxt)
}

// oldest returns the time of the oldest sample, 0 if there is none.
func (d *disk) oldest() int64 {
	head := d.db.Head()
	oldest := head.MinTime()
	if head.MaxOOOTime() != math.MinInt64 {
		oldest = min(oldest, head.MinOOOTime()) // which is a lower bound only
	}
	for _, b := range d.db.Blocks() {
		oldest = min(oldest, b.MinTime())
	}
	if oldest == math.MaxInt64 {
		return 0
	}
	return oldest
}

func (d *disk) size() (series, blocks int, bytes int64) {
	series, bytes = int(d.db.Head().NumSeries()), d.db.Head().Size()
	for _, b := range d.db.Blocks() {
		blocks++
		bytes += b.Size()
	}
	return series, blocks, bytes
}

// close waits for those who read and closes the files. The storage panics when
// the disk has no room for what it writes in the end; that is an error here, and
// what it would have written is in its log.
func (d *disk) close() (err error) {
	d.n.Wait()
	defer func() {
		if p := recover(); p != nil {
			err = errors.Join(err, fmt.Errorf("close storage: %v", p))
		}
	}()
	return d.db.Close()
}
