package alerts

import (
	"errors"
	"fmt"

	"github.com/prometheus/common/model"

	"monitord/metric"
)

var errWrittenTwice = errors.New("a series of its result is written by another rule or by a collector")

// A writer collects what the rules of one tick write and hands it to the
// history. Use newWriter. It is not safe for concurrent use.
type writer struct {
	reg    *metric.Registry
	append func(metric.Batch) error

	live    map[*metric.Series]lastWrite
	t       int64
	points  []metric.Point   // of this tick
	flushed int              // of these, how many the history has
	names   map[string]bool  // metrics among the others, and among the lapsed
	lapsed  []*metric.Series // not written any more by their rule, which the history does not know
	ended   []*metric.Series // of this tick, as far as the history knows
	size    int              // points of the tick before

	by   *tracker         // whose turn it is
	mine []*metric.Series // that it has written
}

// A lastWrite is when a series was last written, and by which rule: the last one, if
// there are several.
type lastWrite struct {
	t  int64
	by *tracker
}

func newWriter(reg *metric.Registry, appendBatch func(metric.Batch) error) writer {
	return writer{reg: reg, append: appendBatch, live: make(map[*metric.Series]lastWrite), names: make(map[string]bool)}
}

func (w *writer) begin(t int64) {
	w.t, w.points, w.flushed = t, make([]metric.Point, 0, w.size), 0
	w.lapsed, w.ended = w.lapsed[:0], nil
	clear(w.names)
}

// turn is called before a rule writes, and done afterwards.
func (w *writer) turn(tr *tracker) { w.by, w.mine = tr, make([]*metric.Series, 0, len(tr.wrote)) }

// done has the series lapse that the rule wrote at the tick before and not at this
// one: a rule behind it must see that they have ended.
func (w *writer) done() {
	for _, s := range w.by.wrote {
		if last := w.live[s]; last.t != w.t && last.by == w.by {
			w.lapsed = append(w.lapsed, s)
			w.names[s.Labels.Get(model.MetricNameLabel)] = true
		}
	}
	w.by.wrote = w.mine
}

// add takes the points of one metric. A series that has been written at this
// tick already is left out, and that is an error.
func (w *writer) add(name string, points ...metric.Point) error {
	var err error
	for _, p := range points {
		last, ok := w.live[p.Series]
		again := ok && last.t == w.t
		if again || p.Series.Desc != nil {
			err = fmt.Errorf("%w: %s", errWrittenTwice, p.Series.Labels)
		}
		if p.Series.Desc != nil {
			continue // a collector's, and not ours to end
		}
		w.mark(p.Series)
		if again {
			continue
		}
		w.points = append(w.points, p)
		w.names[name] = true
	}
	return err
}

// keep holds on to series that have no value at this tick and have not ended.
func (w *writer) keep(points []metric.Point) {
	for _, p := range points {
		if _, ok := w.live[p.Series]; ok {
			w.mark(p.Series)
		}
	}
}

// mark notes that a series lives.
func (w *writer) mark(s *metric.Series) {
	w.live[s] = lastWrite{w.t, w.by}
	w.mine = append(w.mine, s)
}

// flush gives the history what it does not have yet.
func (w *writer) flush() {
	var ended []*metric.Series
	for _, s := range w.lapsed {
		if w.live[s].t != w.t {
			ended = append(ended, s)
			delete(w.live, s)
		}
	}
	w.lapsed = w.lapsed[:0]
	if len(ended) > 0 || w.flushed < len(w.points) {
		w.give(ended)
	}
}

func (w *writer) give(ended []*metric.Series) {
	// The history says itself, by a metric and in the log, when it cannot write.
	_ = w.append(metric.Batch{T: w.t, Points: w.points[w.flushed:len(w.points):len(w.points)], Ended: ended})
	w.flushed, w.ended = len(w.points), append(w.ended, ended...)
	clear(w.names)
}

// finish ends the tick and returns all that was written.
func (w *writer) finish() metric.Batch {
	var ended []*metric.Series
	for s, last := range w.live {
		if last.t != w.t {
			ended = append(ended, s)
			delete(w.live, s)
		}
	}
	if len(ended) > 0 || w.flushed < len(w.points) {
		w.give(ended)
	}
	w.reg.Retire(w.ended)
	w.size = len(w.points)
	return metric.Batch{T: w.t, Points: w.points, Ended: w.ended}
}
