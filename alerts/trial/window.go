package trial

import (
	"context"
	"errors"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/history"
	"monitord/metric"
)

// maxWindowSamples bounds what one range query holds: 32 MB.
const maxWindowSamples = 2_000_000

// A window is the result of a rule's expression at equal steps: from and to are
// inclusive, in Unix milliseconds. The nil window has no time. What it gives must be
// asked for in the order of time.
type window struct {
	from, to, step int64
	failed         [][2]int64 // times, inclusive, for which a range query failed
	series         []windowSeries
	values         []metric.Value // of the last answer
}

// windowSeries is a series of the result; its points go as time passes.
type windowSeries struct {
	labels labels.Labels
	points []history.Point
}

// has reports whether the window knows the result at a time.
func (w *window) has(t int64) bool {
	if w == nil || t < w.from || t > w.to || (t-w.from)%w.step != 0 {
		return false
	}
	return !slices.ContainsFunc(w.failed, func(f [2]int64) bool { return f[0] <= t && t <= f[1] })
}

// at returns the result at a time that the window has, ordered by labels. It is the
// caller's until the next call.
func (w *window) at(t int64) []metric.Value {
	w.values = w.values[:0]
	for i := range w.series {
		s := &w.series[i]
		for len(s.points) > 0 && s.points[0].T < t {
			s.points = s.points[1:]
		}
		if len(s.points) > 0 && s.points[0].T == t {
			w.values = append(w.values, metric.Value{Labels: s.labels, V: s.points[0].F})
		}
	}
	return w.values
}

// gridOf returns the first and the last of the due times that most of them are
// whole steps away from; the others take an instant each.
func gridOf(due []int64, step int64) (from, to int64) {
	counts := make(map[int64]int)
	best := int64(0)
	for _, t := range due {
		counts[t%step]++
		if counts[t%step] > counts[best] {
			best = t % step
		}
	}
	for _, t := range due {
		if t%step == best {
			if from == 0 {
				from = t
			}
			to = t
		}
	}
	return from, to
}

// newWindow evaluates the rule's expression for the times at which it is due.
func newWindow(ctx context.Context, e *history.Evaluator, r *alerts.Rule, due []int64) (*window, error) {
	if len(due) == 0 {
		return nil, nil
	}
	from, to := gridOf(due, r.Every.Milliseconds())
	offset := r.Group.QueryOffset.Milliseconds()
	return fillWindow(ctx, e, r.Expr, from-offset, to-offset, r.Every.Milliseconds())
}

// fillWindow evaluates an expression in steps from one time to another, both
// inclusive.
func fillWindow(ctx context.Context, e *history.Evaluator, expr string, from, to, step int64) (*window, error) {
	w := &window{from: from, to: to, step: step}
	if err := w.fill(ctx, e, expr, from, to); err != nil {
		return nil, err
	}
	return w, nil
}

// fill evaluates from one time to another, in halves if that is too much at once.
// For what fails otherwise it takes no result: each time is asked for by itself
// then, and may fail or not.
func (w *window) fill(ctx context.Context, e *history.Evaluator, expr string, from, to int64) error {
	var found []windowSeries
	err := e.Range(ctx, expr, from, to, w.step, func(ls labels.Labels, points []history.Point) error {
		found = append(found, windowSeries{ls, slices.Clone(points)})
		return nil
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		w.add(found)
		return nil
	}
	var failed *history.QueryError
	half := (to - from) / 2 / w.step * w.step
	if !errors.As(err, &failed) || !failed.TooManySamples() || half == 0 {
		w.failed = append(w.failed, [2]int64{from, to})
		return nil
	}
	if err := w.fill(ctx, e, expr, from, from+half); err != nil {
		return err
	}
	return w.fill(ctx, e, expr, from+half+w.step, to)
}

// add appends later results, each to its series.
func (w *window) add(found []windowSeries) {
	if len(w.series) == 0 {
		w.series = found
		return
	}
	for _, f := range found {
		i, there := slices.BinarySearchFunc(w.series, f, func(a, b windowSeries) int { return labels.Compare(a.labels, b.labels) })
		if there {
			w.series[i].points = append(w.series[i].points, f.points...)
		} else {
			w.series = slices.Insert(w.series, i, f)
		}
	}
}
