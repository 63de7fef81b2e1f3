package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

const (
	copySpan  = 60_000 // milliseconds of ticks that are copied at once
	copyClose = 5_000  // so close to the newest tick the rest is copied while appending waits
)

// catchUp copies to the disk what is held in memory, first beside the ticks that
// go on coming, the rest while the next tick waits, and lets the disk take the
// ticks again. It returns how many ticks it copied.
func (db *DB) catchUp() (int, error) {
	ctx := context.Background()
	copied, err := db.copyBeside(ctx)
	if err != nil {
		return copied, err
	}

	db.write.Lock()
	defer db.write.Unlock()
	for _, m := range db.held() {
		n, err := db.copyMemory(ctx, m, m.last.Load())
		copied += n
		if err != nil {
			return copied, err
		}
	}
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.closed.Load() {
		return copied, errors.New("history is closed")
	}
	var left []*memory
	for _, m := range db.memories {
		if m.tooOld.Load() {
			left = append(left, m)
		} else {
			db.retired = append(db.retired, m)
		}
	}
	db.memories, db.writable, db.failedAt = left, true, time.Time{}
	return copied, nil
}

// copyBeside copies what is whole, until little is left. The newest tick is not:
// what rules make of it comes after it, and would not be copied any more.
func (db *DB) copyBeside(ctx context.Context) (int, error) {
	copied := 0
	for lag := int64(copyClose + 1); lag > copyClose; {
		lag = 0
		held := db.held()
		for i, m := range held {
			whole := m.last.Load()
			if i == len(held)-1 {
				whole--
			}
			n, err := db.copyMemory(ctx, m, whole)
			copied += n
			if err != nil {
				return copied, err
			}
			lag = m.last.Load() - 1 - m.copied
		}
	}
	return copied, nil
}

// held returns the memories that the disk may take.
func (db *DB) held() []*memory {
	db.mu.RLock()
	defer db.mu.RUnlock()
	var out []*memory
	for _, m := range db.memories {
		if !m.tooOld.Load() {
			out = append(out, m)
		}
	}
	return out
}

// copyMemory copies the ticks up to a time to the disk.
func (db *DB) copyMemory(ctx context.Context, m *memory, to int64) (int, error) {
	if m.ticks.Load() == 0 {
		return 0, nil
	}
	if m.copied == 0 {
		m.copied = m.first.Load() - 1
	}
	ticks := 0
	for m.copied < to {
		end := min(m.copied+copySpan, to)
		n, err := db.copySpan(ctx, m, m.copied+1, end)
		ticks += n
		if errors.Is(err, errTooOld) {
			m.tooOld.Store(true)
			m.alone.Store(m.ticks.Load())
			return ticks, nil
		}
		if err != nil {
			return ticks, err
		}
		m.copied = end
	}
	return ticks, nil
}

type sample struct {
	t      int64
	v      float64
	labels labels.Labels
}

func (db *DB) copySpan(ctx context.Context, m *memory, from, to int64) (int, error) {
	samples, err := m.samples(ctx, from, to)
	if err != nil {
		return 0, err
	}
	ticks := 0
	for len(samples) > 0 {
		t := samples[0].t
		w := &writer{app: db.disk.db.Appender(ctx), t: t, counts: &db.counts}
		for len(samples) > 0 && samples[0].t == t {
			w.value(samples[0].labels, samples[0].v)
			samples = samples[1:]
		}
		if err := w.commit(); err != nil {
			return ticks, fmt.Errorf("copy ticks from memory: %w", err)
		}
		m.copied = t
		ticks++
	}
	return ticks, nil
}

// samples returns everything in [from, to], ordered by time.
func (m *memory) samples(ctx context.Context, from, to int64) ([]sample, error) {
	q, err := m.querier(from, to)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	var out []sample
	set := q.Select(ctx, false, &storage.SelectHints{Start: from, End: to}, Selector{}.all()...)
	var it chunkenc.Iterator
	for set.Next() {
		s := set.At()
		ls := s.Labels()
		it = s.Iterator(it)
		for it.Next() == chunkenc.ValFloat {
			t, v := it.At()
			out = append(out, sample{t: t, v: v, labels: ls})
		}
		if err := it.Err(); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b sample) int {
		switch {
		case a.t < b.t:
			return -1
		case a.t > b.t:
			return 1
		}
		return 0
	})
	return out, set.Err()
}
