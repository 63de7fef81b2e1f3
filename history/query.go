package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"monitord/metric"
)

// ErrNotVector is the error for an expression whose result is neither an
// instant vector nor a scalar, or holds native histograms.
var ErrNotVector = errors.New("result is not a vector of numbers")

// ErrQueryTimeout is the error for a query that did not get its turn, or took
// longer than it may.
var ErrQueryTimeout = errors.New("query timed out")

// A Result is what a query gives: a promql.Vector, promql.Scalar,
// promql.Matrix or promql.String, and what Prometheus remarks on it.
type Result struct {
	Value    parser.Value
	Warnings []string
	Infos    []string
}

// Instant evaluates an expression at a time in milliseconds. The values come
// ordered by labels; a scalar is one value without labels.
func (db *DB) Instant(ctx context.Context, expr string, t int64) ([]metric.Value, error) {
	q, err := db.engine.NewInstantQuery(ctx, db.Queryable(), nil, expr, time.UnixMilli(t))
	if err != nil {
		return nil, err
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, res.Err
	}
	return values(res.Value)
}

func values(v parser.Value) ([]metric.Value, error) {
	switch v := v.(type) {
	case promql.Scalar:
		return []metric.Value{{V: v.V}}, nil
	case promql.Vector:
		out := make([]metric.Value, len(v))
		for i, s := range v {
			if s.H != nil {
				return nil, ErrNotVector
			}
			out[i] = metric.Value{Labels: s.Metric, V: s.F}
		}
		slices.SortFunc(out, func(a, b metric.Value) int { return labels.Compare(a.Labels, b.Labels) })
		return out, nil
	default:
		return nil, fmt.Errorf("%w but a %s", ErrNotVector, parser.DocumentedType(v.Type()))
	}
}

// Query evaluates an expression at one time, for someone outside: only a few
// such queries run at once.
func (db *DB) Query(ctx context.Context, expr string, t time.Time) (*Result, error) {
	return db.outside(ctx, func(ctx context.Context) (promql.Query, error) {
		return db.engine.NewInstantQuery(ctx, db.Queryable(), nil, expr, t)
	})
}

// QueryRange evaluates an expression at start, start+step, … up to end, for
// someone outside: only a few such queries run at once.
func (db *DB) QueryRange(ctx context.Context, expr string, start, end time.Time, step time.Duration) (*Result, error) {
	return db.outside(ctx, func(ctx context.Context) (promql.Query, error) {
		return db.engine.NewRangeQuery(ctx, db.Queryable(), nil, expr, start, end, step)
	})
}

func (db *DB) outside(ctx context.Context, prepare func(context.Context) (promql.Query, error)) (*Result, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	select {
	case db.gate <- struct{}{}:
		defer func() { <-db.gate }()
	case <-ctx.Done():
		return nil, fmt.Errorf("%w while it waited for its turn", ErrQueryTimeout)
	}
	q, err := prepare(ctx)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, res.Err
	}
	out := &Result{Value: detach(res.Value)}
	out.Warnings, out.Infos = res.Warnings.AsStrings(q.String(), 10, 10)
	return out, nil
}

// detach copies the points of a result, which closing its query takes back.
func detach(v parser.Value) parser.Value {
	m, ok := v.(promql.Matrix)
	if !ok {
		return v
	}
	out := make(promql.Matrix, len(m))
	for i, s := range m {
		out[i] = promql.Series{Metric: s.Metric, Floats: slices.Clone(s.Floats), Histograms: slices.Clone(s.Histograms)}
	}
	return out
}

// Range evaluates an expression at start, start+step, … up to end, all in
// milliseconds, for the daemon's own use, and calls fn with each series of the
// result. The points are fn's only while it runs.
func (db *DB) Range(ctx context.Context, expr string, start, end, step int64, fn func(labels.Labels, []promql.FPoint) error) error {
	q, err := db.engine.NewRangeQuery(ctx, db.Queryable(), nil, expr, time.UnixMilli(start), time.UnixMilli(end), time.Duration(step)*time.Millisecond)
	if err != nil {
		return err
	}
	defer q.Close()
	m, err := q.Exec(ctx).Matrix()
	if err != nil {
		return err
	}
	for _, s := range m {
		if len(s.Histograms) > 0 {
			return ErrNotVector
		}
		if err := fn(s.Metric, s.Floats); err != nil {
			return err
		}
	}
	return nil
}
