package history

import (
	"context"
	"errors"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// Queryable returns what Prometheus' own code reads samples through: everything
// there is, on disk and in memory, as one.
func (db *DB) Queryable() storage.Queryable { return queryable{db, math.MaxInt64} }

// asOf returns what the history knew at time t: nothing later is read, even by
// an expression that looks ahead.
func (db *DB) asOf(t int64) storage.Queryable { return queryable{db, t} }

type queryable struct {
	db   *DB
	last int64 // of the samples that are read
}

func (q queryable) Querier(mint, maxt int64) (storage.Querier, error) {
	if mint > q.last {
		return storage.NoopQuerier(), nil
	}
	inner, err := q.db.querier(mint, min(maxt, q.last))
	if err != nil {
		return nil, err
	}
	inner.last = q.last
	return inner, nil
}

func (db *DB) querier(mint, maxt int64) (*querier, error) {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.closed.Load() {
		return nil, errors.New("history is closed")
	}
	var sources []source
	if db.past != nil {
		sources = append(sources, db.past)
	}
	if db.disk != nil {
		sources = append(sources, db.disk)
	}
	for _, m := range db.memories {
		if m.overlaps(mint, maxt) {
			sources = append(sources, m)
		}
	}
	queriers := make([]storage.Querier, 0, len(sources))
	for i, s := range sources {
		q, err := s.querier(mint, maxt)
		if err != nil {
			for j, q := range queriers {
				q.Close()
				sources[j].release()
			}
			return nil, err
		}
		sources[i].acquire()
		queriers = append(queriers, q)
	}
	return &querier{
		Querier: storage.NewMergeQuerier(queriers, nil, storage.ChainedSeriesMerge),
		sources: sources,
		last:    math.MaxInt64,
	}, nil
}

// A querier reads all sources as one, in an order of series that does not
// depend on where they lie: a sum of floats depends on the order of its terms,
// and the same query at the same time must always give the same.
type querier struct {
	storage.Querier
	sources []source
	last    int64
}

func (q *querier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if hints != nil && hints.End > q.last {
		if hints.Start > q.last {
			return storage.EmptySeriesSet()
		}
		upTo := *hints
		upTo.End = q.last
		hints = &upTo
	}
	return q.Querier.Select(ctx, true, hints, matchers...)
}

func (q *querier) Close() error {
	err := q.Querier.Close()
	for _, s := range q.sources {
		s.release()
	}
	q.sources = nil
	return err
}
