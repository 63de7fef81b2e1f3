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

// An Evaluator evaluates expressions for the daemon itself: what rules and
// subscribers stand on. It is made by [DB.Evaluator] and may be used by several
// goroutines at once.
type Evaluator struct {
	db     *DB
	engine *promql.Engine
}

// Evaluator returns one whose evaluations hold at most maxSamples samples each,
// 16 bytes a sample.
func (db *DB) Evaluator(maxSamples int) *Evaluator {
	return &Evaluator{db: db, engine: newEngine(db.opts.Lookback, db.hold.subqueryStep(), maxSamples, db.log)}
}

// Instant evaluates an expression as [Evaluator.Instant] does, within the
// history's own bounds.
func (db *DB) Instant(ctx context.Context, expr string, t int64) ([]metric.Value, error) {
	return (&Evaluator{db, db.engine}).Instant(ctx, expr, t)
}

// Instant evaluates an expression at a time in milliseconds, with nothing that
// came later, so that the answer stays what it was then. The values come ordered
// by labels; a scalar is one value without labels.
func (e *Evaluator) Instant(ctx context.Context, expr string, t int64) ([]metric.Value, error) {
	if err := checkSubqueries(expr, 0, e.db.hold.subqueryStep()); err != nil {
		return nil, queryError(BadQuery, err)
	}
	q, err := e.engine.NewInstantQuery(ctx, e.db.asOf(t), nil, expr, time.UnixMilli(t))
	if err != nil {
		return nil, queryError(BadQuery, err)
	}
	defer q.Close()
	res := q.Exec(ctx)
	if res.Err != nil {
		return nil, queryError(Execution, res.Err)
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

// A Point is a value at a time: T in milliseconds, F the value.
type Point = promql.FPoint

// Range evaluates an expression at start, start+step, … up to end, all in
// milliseconds, and calls fn with each series of the result, ordered by labels.
// The points are fn's only while it runs.
func (e *Evaluator) Range(ctx context.Context, expr string, start, end, step int64, fn func(labels.Labels, []Point) error) error {
	if err := checkSubqueries(expr, time.Duration(end-start)*time.Millisecond, e.db.hold.subqueryStep()); err != nil {
		return queryError(BadQuery, err)
	}
	q, err := e.engine.NewRangeQuery(ctx, e.db.Queryable(), nil, expr, time.UnixMilli(start), time.UnixMilli(end), time.Duration(step)*time.Millisecond)
	if err != nil {
		return queryError(BadQuery, err)
	}
	defer q.Close()
	m, err := q.Exec(ctx).Matrix()
	if err != nil {
		return queryError(Execution, err)
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
