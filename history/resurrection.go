package history

import (
	"context"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"monitord/metric"
)

// A resurrection holds the series that the run before left alive, so that
// those that are gone get their staleness marker. A series is gone
//
//   - at the first tick that has its metric but not it: its collector has
//     delivered and did not find it;
//   - at the first tick half a lookback after the start, whatever its metric:
//     collectors that take long, and rules, have delivered by then, or never will.
//
// A series that lookback no longer shows needs no marker. The nil resurrection
// has nothing left.
type resurrection struct {
	left     map[string]map[uint64]labels.Labels // by metric name and hash
	lookback int64
	newest   int64 // last tick of the run before
	first    int64 // first tick of this run, 0 before it
}

func resurrect(db *DB, newest int64, lookback time.Duration) *resurrection {
	r := &resurrection{left: make(map[string]map[uint64]labels.Labels), lookback: lookback.Milliseconds(), newest: newest}
	if newest == 0 {
		return nil
	}
	err := db.eachSeries(context.Background(), Selector{}.all(), newest-r.lookback+1, newest, func(ls labels.Labels, it chunkenc.Iterator) error {
		last := staleNaN
		for it.Next() == chunkenc.ValFloat {
			_, last = it.At()
		}
		if !value.IsStaleNaN(last) {
			name := ls.Get(model.MetricNameLabel)
			if r.left[name] == nil {
				r.left[name] = make(map[uint64]labels.Labels)
			}
			r.left[name][ls.Hash()] = ls
		}
		return it.Err()
	})
	if err != nil {
		db.log.Warn("series of the run before may end late", "err", err)
	}
	return r
}

// gone returns the series that a batch shows to be gone, and forgets them and
// those that live.
func (r *resurrection) gone(b metric.Batch) []labels.Labels {
	if r == nil {
		return nil
	}
	if r.first == 0 {
		r.first = b.T
	}
	if b.T <= r.newest || b.T-r.newest >= r.lookback {
		clear(r.left)
		return nil
	}
	seen := make(map[string]bool)
	for _, p := range b.Points {
		name := p.Series.Labels.Get(model.MetricNameLabel)
		if left := r.left[name]; left != nil {
			seen[name] = true
			delete(left, p.Series.Labels.Hash())
		}
	}
	late := b.T-r.first >= r.lookback/2
	var out []labels.Labels
	for name, left := range r.left {
		if !late && !seen[name] {
			continue
		}
		for _, ls := range left {
			out = append(out, ls)
		}
		delete(r.left, name)
	}
	return out
}

// claim forgets the series of values: they live.
func (r *resurrection) claim(values []metric.Value) {
	if r == nil {
		return
	}
	for _, v := range values {
		delete(r.left[v.Labels.Get(model.MetricNameLabel)], v.Labels.Hash())
	}
}

// done says whether nothing is left to account for.
func (r *resurrection) done() bool { return r == nil || len(r.left) == 0 }
