package standing

import (
	"context"
	"fmt"
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

	users int       // guarded by set.mu
	idle  time.Time // since when nobody holds it; guarded by set.mu
}

// Expr returns the expression.
func (q *Query) Expr() history.Expr { return q.expr }

// Every returns how far apart the times are at which the query is due.
func (q *Query) Every() time.Duration { return time.Duration(q.key.every) * time.Millisecond }

// Release says that one of those who got the query needs it no more.
func (q *Query) Release() {
	q.set.mu.Lock()
	defer q.set.mu.Unlock()
	if q.users--; q.users == 0 {
		q.idle = time.Now()
	}
}

// Eval evaluates the query at the time of a tick, in milliseconds. The values
// come ordered by labels; a scalar is one value without labels.
func (q *Query) Eval(ctx context.Context, t int64) ([]metric.Value, error) {
	ctx, cancel := context.WithTimeout(ctx, q.set.c.Timeout)
	defer cancel()
	values, err := q.set.db.Instant(ctx, q.key.expr, t)
	if err != nil {
		return nil, err
	}
	if len(values) > q.set.c.MaxColumns {
		return nil, fmt.Errorf("result has %d series, may have %d", len(values), q.set.c.MaxColumns)
	}
	return values, nil
}
