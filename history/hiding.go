package history

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
)

// within is a querier that reads nothing outside a time.
type within struct {
	storage.Querier
	mint, maxt int64
}

func (w within) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	inside := storage.SelectHints{Start: w.mint, End: w.maxt}
	if hints != nil {
		inside = *hints
		inside.Start, inside.End = max(inside.Start, w.mint), min(inside.End, w.maxt)
	}
	if inside.Start > inside.End {
		return storage.EmptySeriesSet()
	}
	return w.Querier.Select(ctx, sorted, &inside, matchers...)
}

// hiding is a querier without the series that fit.
type hiding struct {
	storage.Querier
	fits func(labels.Labels) bool
}

func (h hiding) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	return hidingSet{h.Querier.Select(ctx, sorted, hints, matchers...), h.fits}
}

type hidingSet struct {
	storage.SeriesSet
	fits func(labels.Labels) bool
}

func (s hidingSet) Next() bool {
	for s.SeriesSet.Next() {
		if !s.fits(s.At().Labels()) {
			return true
		}
	}
	return false
}
