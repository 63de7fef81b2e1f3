package trial

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

// unread returns what was not read, by tick, as far as the samples tell.
func (r *Replay) unread(ctx context.Context, ticks []int64) (map[int64][]metric.Unread, error) {
	if r.Unread == "" || len(ticks) == 0 {
		return nil, nil
	}
	all := make(map[int64][]metric.Unread)
	step := r.Interval.Milliseconds()
	from, to := gridOf(ticks, step)
	err := r.History.Evaluator(maxWindowSamples).Range(ctx, r.Unread, from, to, step, func(ls labels.Labels, points []history.Point) error {
		u := r.UnreadBy(ls)
		for _, p := range points {
			all[p.T] = append(all[p.T], u)
		}
		return nil
	})
	return all, err
}
