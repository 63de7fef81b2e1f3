package history

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// A Request is a query of somebody outside: at one time (Start) if Step is 0,
// else at Start, Start+Step, … up to End.
type Request struct {
	Expr       string
	Start, End time.Time
	Step       time.Duration
	Lookback   time.Duration // 0: the history's own
}

// A Result is what a request gives: a promql.Vector, promql.Scalar,
// promql.Matrix or promql.String, and what Prometheus remarks on it. It must be
// closed once, after which the value must not be used.
type Result struct {
	Value    parser.Value
	Warnings []string
	Infos    []string

	query promql.Query
}

// Close gives back the memory of the result.
func (r *Result) Close() { r.query.Close() }

// Query answers a request. Only a few are worked on at once, each for a limited
// time, waiting included. Errors are of type [*QueryError].
func (db *DB) Query(ctx context.Context, r Request) (*Result, error) {
	if err := checkRequest(r, db.hold.subqueryStep()); err != nil {
		return nil, queryError(BadQuery, err)
	}
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	leave, err := db.enter(ctx)
	if err != nil {
		return nil, err
	}
	defer leave()
	opts := promql.NewPrometheusQueryOpts(false, r.Lookback)
	var q promql.Query
	if r.Step > 0 {
		q, err = db.engine.NewRangeQuery(ctx, db.Queryable(), opts, r.Expr, r.Start, r.End, r.Step)
	} else {
		q, err = db.engine.NewInstantQuery(ctx, db.Queryable(), opts, r.Expr, r.Start)
	}
	if err != nil {
		return nil, queryError(BadQuery, err)
	}
	res := q.Exec(ctx)
	if res.Err != nil {
		q.Close()
		return nil, queryError(Execution, res.Err)
	}
	out := &Result{Value: res.Value, query: q}
	out.Warnings, out.Infos = res.Warnings.AsStrings(r.Expr, 10, 10)
	return out, nil
}

// enter waits for a place among the queries that run.
func (db *DB) enter(ctx context.Context) (leave func(), err error) {
	if ctx.Err() == nil {
		select {
		case db.gate <- struct{}{}:
			return func() { <-db.gate }, nil
		case <-ctx.Done():
		}
	}
	if errors.Is(ctx.Err(), context.Canceled) {
		return nil, queryError(Canceled, promql.ErrQueryCanceled("query queue"))
	}
	return nil, queryError(Timeout, promql.ErrQueryTimeout("query queue"))
}

func checkRequest(r Request, step time.Duration) error {
	if len(r.Expr) > MaxSelector {
		return fmt.Errorf("expression is %d bytes long, may be %d", len(r.Expr), MaxSelector)
	}
	if err := checkRegexes(r.Expr); err != nil {
		return err
	}
	span := time.Duration(0)
	if r.Step > 0 {
		span = r.End.Sub(r.Start)
	}
	return checkSubqueries(r.Expr, span, step)
}

// A QueryErrorKind says whose fault a failed query is.
type QueryErrorKind int

// The kinds of failure.
const (
	Execution QueryErrorKind = iota // the query's, on this data: too many samples, many-to-many
	BadQuery                        // the query's: it cannot be read
	Timeout                         // it took too long, or waited too long
	Canceled                        // whoever asked went away
	Storage                         // ours
)

// A QueryError is why a query came to nothing. Its text is Prometheus' own.
type QueryError struct {
	Kind QueryErrorKind
	Err  error
}

func (e *QueryError) Error() string { return e.Err.Error() }

func (e *QueryError) Unwrap() error { return e.Err }

// TooManySamples says that the query held more samples than it may.
func (e *QueryError) TooManySamples() bool {
	var many promql.ErrTooManySamples
	return errors.As(e.Err, &many)
}

func queryError(kind QueryErrorKind, err error) error {
	var canceled promql.ErrQueryCanceled
	var timeout promql.ErrQueryTimeout
	var stored promql.ErrStorage
	switch {
	case errors.As(err, &canceled), errors.Is(err, context.Canceled):
		kind = Canceled
	case errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded):
		kind = Timeout
	case errors.As(err, &stored):
		kind = Storage
	}
	return &QueryError{Kind: kind, Err: err}
}
