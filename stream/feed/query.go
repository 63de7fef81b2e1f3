package feed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"monitord/history/standing"
	"monitord/stream"
	"monitord/stream/wire"
)

// A query is a standing query that is followed. Its live side belongs to the
// goroutine that ticks.
type query struct {
	standing *standing.Query
	due      []moment // ticks at which it is still to be evaluated, oldest first
	late     bool     // some were given up
}

// slow is from when on a query keeps others waiting: what is ready is published
// before it is evaluated again.
const slow = 5 * time.Millisecond

// errOverTick is of a query that had all the time there is in a tick to itself.
var errOverTick = errors.New("the query takes longer than a tick has time for queries, half of interval in [collectors]: " +
	"select fewer series, take a shorter range, or make the interval longer")

// A moment is a tick at which a query is due.
type moment struct {
	t     int64
	clock clock
	gap   wire.Reason // why ticks before it are missing, if any are
}

// maxLate is how many ticks a query may wait for its turn.
const maxLate = 16

func (q *query) add(c clock, gap wire.Reason) {
	if len(q.due) == maxLate {
		q.due = append(q.due[:0], q.due[1:]...)
		q.late = true
	}
	q.due = append(q.due, moment{t: c.last, clock: c, gap: gap})
}

// evaluate appends the messages of all moments that are due and that there is
// time for. ctx ends with the time that the tick has for queries; alone says that
// all of it was this query's.
func (q *query) evaluate(ctx context.Context, s *source, alone bool, count *counters, items []stream.Item) []stream.Item {
	for len(q.due) > 0 && ctx.Err() == nil {
		if end, ok := ctx.Deadline(); ok && !alone && time.Until(end) < q.standing.Cost() {
			break // it would only be begun
		}
		m := &q.due[0]
		values, err := q.standing.Eval(ctx, m.t)
		if err != nil && ctx.Err() != nil {
			if !alone || errors.Is(ctx.Err(), context.Canceled) {
				count.deferred.Add(1)
				return items
			}
			err = errOverTick
		}
		count.evaluated.Add(1)
		reason := m.gap
		if q.late {
			reason, q.late = wire.Slow, false
		}
		items = s.items(items, m.clock, s.line.take(row{m.t, values, err}, reason))
		q.due = append(q.due[:0], q.due[1:]...)
		alone = false
	}
	if len(q.due) > 0 {
		count.deferred.Add(1)
	}
	return items
}

// queryTopic returns the topic of a request for a query, pinned.
func (f *Feed) queryTopic(ctx context.Context, v visit, r *wire.Request) (*topic, *wire.Error) {
	every, fault := f.every(r)
	if fault != nil {
		return nil, fault
	}
	q, fault := f.stand(r.Expr, every)
	if fault != nil {
		return nil, fault
	}
	kept := false
	tp, fault := f.acquire(ctx, v.client, key{wire.KindQuery, q.Expr().Canonical(), every}, func(ctx context.Context, tp *topic) {
		tp.query, kept = &query{standing: q}, true
		f.prime(ctx, v, tp, f.queryRows(q))
	})
	if !kept {
		q.Release() // the topic has its own, or there is none
	}
	return tp, fault
}

// stand returns the standing query, which is to be released.
func (f *Feed) stand(expr string, every int64) (*standing.Query, *wire.Error) {
	interval := time.Duration(every) * time.Millisecond
	q, err := f.o.Standing.Get(expr, interval)
	if errors.Is(err, standing.ErrTooMany) {
		f.evict(wire.KindQuery, client{})
		q, err = f.o.Standing.Get(expr, interval)
	}
	switch {
	case err == nil:
		return q, nil
	case errors.Is(err, standing.ErrTooMany):
		return nil, f.tooMany(wire.KindQuery)
	case errors.Is(err, standing.ErrBadEvery):
		return nil, refusal(wire.BadTime, standing.ErrBadEvery, err)
	}
	return nil, refusal(wire.BadQuery, standing.ErrBadQuery, err)
}

// refusal leaves out what the code says already.
func refusal(code wire.Code, kind, err error) *wire.Error {
	return &wire.Error{Code: code, Message: clip(strings.TrimPrefix(err.Error(), kind.Error()+": "))}
}

// queryRows returns what the query gave, or would have given.
func (f *Feed) queryRows(q *standing.Query) rowsFunc {
	return func(ctx context.Context, from, to int64) ([]row, error) {
		limit := int((to-from)/q.Every().Milliseconds()) + 1
		replayed, err := q.Replay(ctx, from, to, limit)
		if err != nil {
			return nil, fmt.Errorf("replay query: %w", err)
		}
		rows := make([]row, len(replayed))
		for i, r := range replayed {
			rows[i] = row{r.T, r.Values, r.Err}
		}
		return rows, nil
	}
}
