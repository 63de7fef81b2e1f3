package history

import (
	"context"
	"errors"
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// Queryable returns what Prometheus' own code reads samples through: everything
// there is, on disk and in memory, as one.
func (db *DB) Queryable() storage.Queryable { return queryable{db, math.MinInt64, math.MaxInt64} }

// asOf returns what the history knew at time t: nothing later is read, even by
// an expression that looks ahead, and nothing from behind a clock that was set
// back.
func (db *DB) asOf(t int64) storage.Queryable { return queryable{db, db.floor(t), t} }

type queryable struct {
	db          *DB
	first, last int64 // of the samples that are read
}

func (q queryable) Querier(mint, maxt int64) (storage.Querier, error) {
	if mint > q.last || maxt < q.first {
		return storage.NoopQuerier(), nil
	}
	inner, err := q.db.querier(max(mint, q.first), min(maxt, q.last))
	if err != nil {
		return nil, err
	}
	inner.first, inner.last = q.first, q.last
	return inner, nil
}

func (db *DB) querier(mint, maxt int64) (*querier, error) {
	db.mu.RLock()
	defer db.mu.RUnlock()
	if db.closed.Load() {
		return nil, errors.New("history is closed")
	}
	if a := db.away; a.newest != 0 && mint <= a.newest && maxt >= a.oldest {
		return nil, promql.ErrStorage{Err: errAway}
	}
	spans := db.spans(mint, maxt)
	queriers := make([]storage.Querier, 0, len(spans))
	sources := make([]source, 0, len(spans))
	for _, s := range spans {
		q, err := s.querier(s.from, s.to)
		if err != nil {
			for j, q := range queriers {
				q.Close()
				sources[j].release()
			}
			return nil, err
		}
		s.acquire()
		if s.from != mint || s.to != maxt {
			q = within{q, s.from, s.to}
		}
		queriers, sources = append(queriers, q), append(sources, s.source)
	}
	return &querier{
		Querier: storage.NewMergeQuerier(queriers, nil, storage.ChainedSeriesMerge),
		sources: sources,
		last:    math.MaxInt64,
		first:   math.MinInt64,
	}, nil
}

// A querier reads all sources as one, in an order of series that does not
// depend on where they lie: a sum of floats depends on the order of its terms,
// and the same query at the same time must always give the same.
type querier struct {
	storage.Querier
	sources []source
	first   int64 // of the samples that are read
	last    int64
}

func (q *querier) Select(ctx context.Context, _ bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if hints != nil && (hints.End > q.last || hints.Start < q.first) {
		bounds := *hints
		bounds.Start, bounds.End = max(hints.Start, q.first), min(hints.End, q.last)
		if bounds.Start > bounds.End {
			return storage.EmptySeriesSet()
		}
		hints = &bounds
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
