package standing

import (
	"context"
	"fmt"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

const (
	maxSteps   = 300 // of one range query: what a replay holds at once
	maxHole    = 30  // steps without a tick that a range query may span
	tickWindow = 600 // steps whose ticks are looked for at once
)

// A Row is the result of a query at the time of a tick: what [Query.Eval] gave,
// or would have given, there.
type Row struct {
	T      int64
	Values []metric.Value
	Err    error
}

// Replay returns what the query gave at the stored ticks in [from, to] that are
// multiples of its interval: the first limit of them, in order. The next page
// begins after the last row's time; there is none when fewer than limit come.
func (q *Query) Replay(ctx context.Context, from, to int64, limit int) ([]Row, error) {
	from, to = max(from, q.set.db.Oldest()), min(to, q.set.db.Last())
	var rows []Row
	window := q.key.every * tickWindow
	for start := from; start <= to && len(rows) < limit; start += window {
		ticks, err := q.grid(ctx, start, min(start+window-1, to))
		if err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
		ticks = ticks[:min(len(ticks), limit-len(rows))]
		for _, run := range runs(ticks, q.key.every) {
			if rows, err = q.replayRun(ctx, rows, run); err != nil {
				return nil, fmt.Errorf("replay: %w", err)
			}
		}
	}
	return rows, nil
}

// grid returns the stored ticks in [from, to] at which the query is due.
func (q *Query) grid(ctx context.Context, from, to int64) ([]int64, error) {
	ticks, err := q.set.db.Ticks(ctx, from, to)
	return slices.DeleteFunc(ticks, func(t int64) bool { return t%q.key.every != 0 }), err
}

// runs cuts ticks into pieces that one range query each can give: short enough,
// and without long holes.
func runs(ticks []int64, every int64) [][]int64 {
	var out [][]int64
	start := 0
	for i := range ticks {
		if i > start && (ticks[i]-ticks[i-1] > maxHole*every || ticks[i]-ticks[start] >= maxSteps*every) {
			out = append(out, ticks[start:i])
			start = i
		}
	}
	if start < len(ticks) {
		out = append(out, ticks[start:])
	}
	return out
}

// replayRun evaluates the query at every tick of a run. A range query gives the
// same as an instant at each of its steps, with three exceptions: what refers to
// the query's own start or end, what looks ahead to what was not there yet, and
// errors, of which one spoils all steps.
func (q *Query) replayRun(ctx context.Context, rows []Row, run []int64) ([]Row, error) {
	if len(run) > 1 && !q.expr.NeedsInstants() {
		if out, err := q.replayRange(ctx, rows, run); err == nil {
			return out, nil
		}
	}
	for _, t := range run {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		values, err := q.Eval(ctx, t)
		rows = append(rows, Row{T: t, Values: values, Err: err})
	}
	return rows, nil
}

func (q *Query) replayRange(ctx context.Context, rows []Row, run []int64) ([]Row, error) {
	ctx, cancel := context.WithTimeout(ctx, q.set.c.Timeout)
	defer cancel()
	out := make([]Row, len(run))
	for i, t := range run {
		out[i].T = t
	}
	err := q.set.db.Range(ctx, q.key.expr, run[0], run[len(run)-1], q.key.every, func(ls labels.Labels, points []history.Point) error {
		i := 0
		for _, p := range points {
			for i < len(run) && run[i] < p.T {
				i++
			}
			if i == len(run) || run[i] != p.T {
				continue
			}
			if len(out[i].Values) == q.set.c.MaxColumns {
				return history.ErrTooMany
			}
			out[i].Values = append(out[i].Values, metric.Value{Labels: ls, V: p.F})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, r := range out {
		slices.SortFunc(r.Values, func(a, b metric.Value) int { return labels.Compare(a.Labels, b.Labels) })
	}
	return append(rows, out...), nil
}
