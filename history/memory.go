package history

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"

	"monitord/metric"
)

const (
	memorySpan  = time.Hour // of one memory: they are dropped whole
	maxMemories = 6         // about 6 MiB each at 500 series a second
)

// A memory holds ticks that the disk does not take: a head without a log. Its
// times only grow; when the clock steps back another one is begun.
type memory struct {
	readers
	head   *tsdb.Head
	span   int64  // milliseconds from the first tick that it takes
	apart  bool   // from a multiple of the span instead, and in whatever order
	root   string // the head's directory if it is not ours to keep
	refs   map[*metric.Series]storage.SeriesRef
	copied int64 // the disk has everything up to here; the copying goroutine's

	ticks       atomic.Int64
	alone       atomic.Int64 // of a memory that is too old: ticks that the disk does not have
	first, last atomic.Int64 // ticks, milliseconds; meaningless while there are none
	tooOld      atomic.Bool  // the disk will never take these ticks from here
}

// newMemory begins an empty memory. The head wants a directory, though it
// writes nothing to it; on a full disk only one that is there already will do.
func newMemory(dir string, span time.Duration, tooOld bool) (*memory, error) {
	opts := tsdb.DefaultHeadOptions()
	opts.ChunkRange = (2 * span).Milliseconds()
	opts.StripeSize = stripes
	name := fmt.Sprintf("/monitord-memory-%d", os.Getpid())
	var first error
	for _, root := range []string{memoryDir(dir), os.TempDir() + name, "/dev/shm" + name} {
		opts.ChunkDirRoot = root
		head, err := tsdb.NewHead(nil, nil, nil, nil, opts, nil)
		if err == nil {
			m := &memory{head: head, span: span.Milliseconds(), refs: make(map[*metric.Series]storage.SeriesRef)}
			if root != memoryDir(dir) {
				m.root = root
			}
			m.tooOld.Store(tooOld)
			return m, nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, fmt.Errorf("begin a history in memory: %w", first)
}

// takes says whether the memory takes a tick at time t.
func (m *memory) takes(t int64, tooOld bool) bool {
	if m.tooOld.Load() != tooOld {
		return false
	}
	if m.ticks.Load() == 0 {
		return true
	}
	if m.apart {
		return t/m.span == m.first.Load()/m.span
	}
	return t >= m.last.Load() && t-m.first.Load() < m.span
}

// took notes a tick that the memory took.
func (m *memory) took(t int64) {
	switch {
	case m.ticks.Load() == 0:
		m.first.Store(t)
		m.last.Store(t)
	case t == m.last.Load():
		return
	}
	m.first.Store(min(m.first.Load(), t))
	m.last.Store(max(m.last.Load(), t))
	m.ticks.Add(1)
}

func (m *memory) overlaps(mint, maxt int64) bool {
	return m.ticks.Load() > 0 && m.first.Load() <= maxt && m.last.Load() >= mint
}

func (m *memory) querier(mint, maxt int64) (storage.Querier, error) {
	return tsdb.NewBlockQuerier(tsdb.NewRangeHead(m.head, mint, maxt), mint, maxt)
}

// close waits for those who read and frees everything. The chunks go first, or
// the head would write them to its directory.
func (m *memory) close() error {
	m.n.Wait()
	if err := m.head.Truncate(math.MaxInt64); err != nil {
		return err
	}
	err := m.head.Close()
	if m.root != "" {
		err = errors.Join(err, os.RemoveAll(m.root))
	}
	return err
}

// memoryDir is the directory for the heads of memories. It is made when the
// history is opened, because a full disk may not take another one.
func memoryDir(dir string) string { return filepath.Join(dir, "memory") }
