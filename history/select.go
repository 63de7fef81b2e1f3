package history

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
)

// ErrTooMany is the error for a selection of more samples than asked for.
var ErrTooMany = errors.New("too many samples")

// A Column is the stored samples of one series: V[i] at time T[i], in
// milliseconds, with T growing. Ended are the times of its staleness markers:
// it ended there, and may have come again.
type Column struct {
	Labels labels.Labels
	T      []int64
	V      []float64
	Ended  []int64
}

// Select returns the samples of the selected series in [from, to], exactly as
// they were stored, ordered by labels. More than limit of them are ErrTooMany.
func (db *DB) Select(ctx context.Context, sel Selector, from, to int64, limit int) ([]Column, error) {
	var out []Column
	left := limit
	err := db.eachSeries(ctx, sel.all(), from, to, func(ls labels.Labels, it chunkenc.Iterator) error {
		c := Column{Labels: ls}
		for vt := it.Next(); vt != chunkenc.ValNone; vt = it.Next() {
			if vt != chunkenc.ValFloat {
				continue
			}
			if left--; left < 0 {
				return fmt.Errorf("%w: more than %d", ErrTooMany, limit)
			}
			if t, v := it.At(); value.IsStaleNaN(v) {
				c.Ended = append(c.Ended, t)
			} else {
				c.T, c.V = append(c.T, t), append(c.V, v)
			}
		}
		if len(c.T)+len(c.Ended) > 0 {
			out = append(out, c)
		}
		return it.Err()
	})
	return out, err
}

// tickMetric has a sample at every tick.
const tickMetric = "up"

// Ticks returns the times in [from, to] at which a tick is stored, growing. A
// tick is known by its samples of up.
func (db *DB) Ticks(ctx context.Context, from, to int64) ([]int64, error) {
	up := []*labels.Matcher{{Type: labels.MatchEqual, Name: model.MetricNameLabel, Value: tickMetric}}
	var ticks []int64
	series := 0
	err := db.eachSeries(ctx, up, from, to, func(_ labels.Labels, it chunkenc.Iterator) error {
		series++
		for it.Next() == chunkenc.ValFloat {
			if t, v := it.At(); !value.IsStaleNaN(v) {
				ticks = append(ticks, t)
			}
		}
		return it.Err()
	})
	if series > 1 {
		slices.Sort(ticks)
		ticks = slices.Compact(ticks)
	}
	return ticks, err
}

// eachSeries calls fn with every series that fits the matchers and an iterator
// over its samples in [from, to].
func (db *DB) eachSeries(ctx context.Context, matchers []*labels.Matcher, from, to int64, fn func(labels.Labels, chunkenc.Iterator) error) error {
	if from > to {
		return nil
	}
	q, err := db.querier(from, to)
	if err != nil {
		return err
	}
	defer q.Close()
	set := q.Select(ctx, true, &storage.SelectHints{Start: from, End: to}, matchers...)
	var it chunkenc.Iterator
	for set.Next() {
		if err := ctx.Err(); err != nil {
			return err
		}
		s := set.At()
		it = s.Iterator(it)
		if err := fn(s.Labels(), it); err != nil {
			return err
		}
	}
	return set.Err()
}
