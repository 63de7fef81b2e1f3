package standing

import (
	"context"
	"sync/atomic"
	"time"

	"monitord/history"
	"monitord/metric"
)

// A Query is one standing query. It is made by [Set.Get] and may be used by
// several goroutines at once.
type Query struct {
	set  *Set
	key  key
	expr history.Expr

	cost atomic.Int64 // nanoseconds of the last evaluation at one time, 0: not known

	// Guarded by set.mu.
	users   int
	idle    time.Time // since when nobody holds it
	rest    rest
	columns int // of the newest result
}

// Expr returns the expression.
func (q *Query) Expr() history.Expr { return q.expr }

// Every returns how far apart the times are at which the query is due.
func (q *Query) Every() time.Duration { return time.Duration(q.key.every) * time.Millisecond }

// Cost returns how long the query took when it was last evaluated at one time, 0
// if it never was.
func (q *Query) Cost() time.Duration { return time.Duration(q.cost.Load()) }

// Release says that one of those who got the query needs it no more.
func (q *Query) Release() {
	q.set.mu.Lock()
	defer q.set.mu.Unlock()
	if q.users--; q.users == 0 {
		q.idle = time.Now()
	}
}

// Eval evaluates the query at the time of a tick, in milliseconds. The values
// come ordered by labels; a scalar is one value without labels. The error is an
// [EvalError], or ctx's. A query that goes beyond a bound time and again is not
// evaluated each time: it has the same error meanwhile.
func (q *Query) Eval(ctx context.Context, t int64) ([]metric.Value, error) {
	if why := q.resting(); why != nil {
		return nil, why
	}
	limited, cancel := context.WithTimeout(ctx, q.set.c.Timeout)
	defer cancel()
	begin := time.Now()
	values, err := q.set.eval.Instant(limited, q.key.expr, t)
	took := time.Since(begin)
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err() // how long it would have taken is not known
	}
	q.cost.Store(max(int64(took), 1))
	why := q.set.judge(values, err)
	q.settle(took, why)
	if why == nil {
		why = q.widen(len(values))
	}
	if why != nil {
		return nil, why
	}
	return values, nil
}

// judge says what is wrong with a result, nil if nothing is.
func (s *Set) judge(values []metric.Value, err error) *EvalError {
	switch {
	case err != nil:
		return s.explain(err)
	case len(values) > s.c.MaxColumns:
		return s.tooWide()
	}
	return nil
}

func (q *Query) resting() *EvalError {
	q.set.mu.Lock()
	why := q.rest.resting()
	q.set.mu.Unlock()
	if why != nil {
		q.set.count.skipped.Add(1)
	}
	return why
}

// settle accounts for an evaluation.
func (q *Query) settle(took time.Duration, why *EvalError) {
	n := &q.set.count
	n.evaluations.Add(1)
	n.nanoseconds.Add(int64(took))
	if why != nil {
		n.failed[why.Reason].Add(1)
	}
	q.set.mu.Lock()
	defer q.set.mu.Unlock()
	q.rest.settle(why)
}

// widen counts the series of the newest result among those of all.
func (q *Query) widen(columns int) *EvalError {
	s := q.set
	s.mu.Lock()
	defer s.mu.Unlock()
	if q.columns == columns {
		return nil
	}
	if s.columns-q.columns+columns > togetherTimes*s.c.MaxColumns && columns > q.columns {
		s.count.failed[Series].Add(1)
		return s.tooWideTogether()
	}
	if s.queries[q.key] == q { // else it has been dropped, and is counted no more
		s.columns += columns - q.columns
		q.columns = columns
	}
	return nil
}
