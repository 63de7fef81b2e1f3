package feed

import (
	"context"
	"errors"

	"monitord/history"
	"monitord/metric"
	"monitord/stream/wire"
)

// A samples is the samples of the series that a selector selects. It belongs to
// the goroutine that ticks.
type samples struct {
	selector history.Selector

	// at remembers for every series pointer its column, or elsewhere. It only
	// saves comparing labels; columns are told apart by labels alone.
	at map[*metric.Series]int
}

// untaken is why the ticks before a batch are missing, if any are.
func untaken(b metric.Batch) wire.Reason {
	if b.Step != 0 {
		return wire.Clock
	}
	return wire.Down
}

// elsewhere stands for the column of a series that the selector does not select.
const elsewhere = -1

// tick adds a batch that is due to the line and returns what there is to say.
func (s *samples) tick(line *timeline, b metric.Batch) step {
	st := line.advance(b.T, untaken(b))
	s.forget(b)
	row := line.cols.blank()
	some, strange := false, line.resend || !line.cols.begun
	for _, p := range b.Points {
		i, known := s.at[p.Series]
		if !known {
			if i, known = s.locate(line, p.Series); !known {
				some, strange = true, true
				continue
			}
		}
		if i != elsewhere && !wire.IsNone(p.V) {
			row[i] = p.V
			some = true
		}
	}
	switch {
	case !some:
	case strange:
		line.values(&st, s.selected(b))
		clear(s.at) // the columns may have moved
	default:
		line.row(&st, row)
	}
	return st
}

// locate returns and remembers the column of a series, false if it has none yet.
func (s *samples) locate(line *timeline, series *metric.Series) (int, bool) {
	if !s.selector.Matches(series.Labels) {
		s.at[series] = elsewhere
		return elsewhere, true
	}
	i, ok := line.cols.find(series.Labels)
	if ok {
		s.at[series] = i
	}
	return i, ok
}

// forget drops pointers that will not come again, and all of them should the
// batches not have said so.
func (s *samples) forget(b metric.Batch) {
	for _, series := range b.Ended {
		delete(s.at, series)
	}
	if len(s.at) > 2*len(b.Points)+64 {
		clear(s.at)
	}
}

func (s *samples) selected(b metric.Batch) []metric.Value {
	var values []metric.Value
	for _, p := range b.Points {
		if s.selector.Matches(p.Series.Labels) {
			values = append(values, metric.Value{Labels: p.Series.Labels, V: p.V})
		}
	}
	return values
}

// maxSelected is how many samples are read at once, those between the due ticks
// included.
const maxSelected = 200_000

// storedRows returns the samples at the due ticks in [from, to], as stored.
func storedRows(ctx context.Context, db *history.DB, sel history.Selector, every, from, to int64) ([]row, error) {
	ticks, err := dueTicks(ctx, db, every, from, to)
	if err != nil || len(ticks) == 0 {
		return nil, err
	}
	cols, err := db.Select(ctx, sel, ticks[0], ticks[len(ticks)-1], maxSelected)
	if errors.Is(err, history.ErrTooMany) && len(ticks) > 1 {
		middle := ticks[len(ticks)/2]
		left, err := storedRows(ctx, db, sel, every, from, middle-1)
		if err != nil {
			return nil, err
		}
		right, err := storedRows(ctx, db, sel, every, middle, to)
		return append(left, right...), err
	}
	if err != nil {
		return nil, err
	}
	rows := make([]row, len(ticks))
	for i, t := range ticks {
		rows[i].t = t
	}
	for _, c := range cols {
		i := 0
		for j, t := range c.T {
			for i < len(ticks) && ticks[i] < t {
				i++
			}
			if i < len(ticks) && ticks[i] == t {
				rows[i].values = append(rows[i].values, metric.Value{Labels: c.Labels, V: c.V[j]})
			}
		}
	}
	return rows, nil
}

// dueTicks returns the stored ticks in [from, to] that are multiples of every.
func dueTicks(ctx context.Context, db *history.DB, every, from, to int64) ([]int64, error) {
	ticks, err := db.Ticks(ctx, from, to)
	due := ticks[:0]
	for _, t := range ticks {
		if t%every == 0 {
			due = append(due, t)
		}
	}
	return due, err
}

// samplesTopic returns the topic of a request for samples, pinned.
func (f *Feed) samplesTopic(ctx context.Context, v visit, r *wire.Request) (*topic, *wire.Error) {
	sel, err := history.ParseSelector(r.Expr)
	if err != nil {
		return nil, &wire.Error{Code: wire.BadSelector, Message: clip(err.Error())}
	}
	every, fault := f.every(r)
	if fault != nil {
		return nil, fault
	}
	rows := func(ctx context.Context, from, to int64) ([]row, error) {
		return storedRows(ctx, f.o.History, sel, every, from, to)
	}
	return f.acquire(ctx, v.client, key{wire.KindSamples, sel.Canonical(), every}, func(ctx context.Context, tp *topic) {
		tp.samples = &samples{selector: sel, at: make(map[*metric.Series]int)}
		f.prime(ctx, v, tp, rows)
	})
}
