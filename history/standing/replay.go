package standing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

const (
	maxSteps   = 300 // of one range query: what a replay holds at once
	newSteps   = 32  // when it is not known what one costs
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
// multiples of its interval: the first limit of them, in order. It may return
// fewer, so as not to take much longer than one evaluation may: the next page
// begins after the last row's time, and there is none when no row comes.
func (q *Query) Replay(ctx context.Context, from, to int64, limit int) ([]Row, error) {
	from, to = max(from, q.set.db.Oldest()), min(to, q.set.db.Last())
	r := replay{q: q, deadline: time.Now().Add(q.set.c.Timeout)}
	window := q.key.every * tickWindow
	for start := from; start <= to && len(r.rows) < limit && !r.over(); start += window {
		ticks, err := q.grid(ctx, start, min(start+window-1, to))
		if err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
		ticks = ticks[:min(len(ticks), limit-len(r.rows))]
		for len(ticks) > 0 && !r.over() {
			n, err := r.some(ctx, ticks)
			if err != nil {
				return nil, fmt.Errorf("replay: %w", err)
			}
			ticks = ticks[n:]
		}
	}
	return r.rows, nil
}

// grid returns the stored ticks in [from, to] at which the query is due.
func (q *Query) grid(ctx context.Context, from, to int64) ([]int64, error) {
	ticks, err := q.set.db.Ticks(ctx, from, to)
	return slices.DeleteFunc(ticks, func(t int64) bool { return t%q.key.every != 0 }), err
}

// A replay is what one call has made so far.
type replay struct {
	q        *Query
	rows     []Row
	deadline time.Time
	steps    int // that a range query may have after one was too much; 0: none was
}

// over says that what there is must do.
func (r *replay) over() bool { return len(r.rows) > 0 && time.Now().After(r.deadline) }

// run returns how many of the ticks one range query can give: few enough, and
// without long holes.
func (r *replay) run(ticks []int64) int {
	every := r.q.key.every
	steps := int64(newSteps)
	if cost := r.q.Cost(); cost > 0 {
		steps = min(max(int64(r.q.set.c.Timeout/4/cost), 1), maxSteps)
	}
	if r.steps > 0 {
		steps = min(steps, int64(r.steps))
	}
	for i := 1; i < len(ticks); i++ {
		if ticks[i]-ticks[i-1] > maxHole*every || ticks[i]-ticks[0] >= steps*every {
			return i
		}
	}
	return len(ticks)
}

// some evaluates the query at the first of some ticks and returns at how many. A
// range query gives the same as an instant at each of its steps, with three
// exceptions: what refers to the query's own start or end, what looks ahead to
// what was not there yet, and errors, of which one spoils all steps.
func (r *replay) some(ctx context.Context, ticks []int64) (n int, err error) {
	n = r.run(ticks)
	if n > 1 && !r.q.expr.NeedsInstants() && r.q.resting() == nil {
		why, err := r.rang(ctx, ticks[:n])
		switch {
		case err != nil:
			return 0, err
		case why == nil:
			return n, nil
		case why.Reason == Time || why.Reason == Samples:
			r.steps = max(n/8, 1) // what is too much for many may do for few
			return 0, nil
		}
	}
	for i, t := range ticks[:n] {
		if r.over() {
			return i, nil
		}
		values, err := r.q.Eval(ctx, t)
		if err != nil && ctx.Err() != nil {
			return 0, ctx.Err()
		}
		r.rows = append(r.rows, Row{T: t, Values: values, Err: err})
	}
	return n, nil
}

// rang evaluates the query at the times of a run at once.
func (r *replay) rang(ctx context.Context, run []int64) (*EvalError, error) {
	set := r.q.set
	limited, cancel := context.WithTimeout(ctx, set.c.Timeout)
	defer cancel()
	out := make([]Row, len(run))
	for i, t := range run {
		out[i].T = t
	}
	begin := time.Now()
	err := set.eval.Range(limited, r.q.key.expr, run[0], run[len(run)-1], r.q.key.every, func(ls labels.Labels, points []history.Point) error {
		i := 0
		for _, p := range points {
			for i < len(run) && run[i] < p.T {
				i++
			}
			if i == len(run) || run[i] != p.T {
				continue
			}
			if len(out[i].Values) == set.c.MaxColumns {
				return history.ErrTooMany
			}
			out[i].Values = append(out[i].Values, metric.Value{Labels: ls, V: p.F})
		}
		return nil
	})
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	set.count.evaluations.Add(1)
	set.count.nanoseconds.Add(int64(time.Since(begin)))
	if err != nil {
		return set.explain(err), nil // not counted as failed: it is tried otherwise
	}
	for _, row := range out {
		slices.SortFunc(row.Values, func(a, b metric.Value) int { return labels.Compare(a.Labels, b.Labels) })
	}
	r.rows = append(r.rows, out...)
	return nil, nil
}
