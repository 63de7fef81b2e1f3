package alerts

import (
	"errors"
	"fmt"

	"monitord/metric"
)

var errWrittenTwice = errors.New("a series of its result is written by another rule or by a collector")

// A writer collects what the rules of one tick write and hands it to the
// history. Use newWriter. It is not safe for concurrent use.
type writer struct {
	reg    *metric.Registry
	append func(metric.Batch) error

	live    map[*metric.Series]int64 // every series written, and the tick at which it last was
	t       int64
	points  []metric.Point  // of this tick
	flushed int             // of these, how many the history has
	names   map[string]bool // metrics among the others
	size    int             // points of the tick before
}

func newWriter(reg *metric.Registry, appendBatch func(metric.Batch) error) writer {
	return writer{reg: reg, append: appendBatch, live: make(map[*metric.Series]int64), names: make(map[string]bool)}
}

func (w *writer) begin(t int64) {
	w.t, w.points, w.flushed = t, make([]metric.Point, 0, w.size), 0
	clear(w.names)
}

// add takes the points of one metric. A series that has been written at this
// tick already is left out, and that is an error.
func (w *writer) add(name string, points ...metric.Point) error {
	var err error
	for _, p := range points {
		if last, ok := w.live[p.Series]; p.Series.Desc != nil || ok && last == w.t {
			err = fmt.Errorf("%w: %s", errWrittenTwice, p.Series.Labels)
			continue
		}
		w.live[p.Series] = w.t
		w.points = append(w.points, p)
		w.names[name] = true
	}
	return err
}

// keep holds on to series that have no value at this tick and have not ended.
func (w *writer) keep(points []metric.Point) {
	for _, p := range points {
		if _, ok := w.live[p.Series]; ok {
			w.live[p.Series] = w.t
		}
	}
}

// flush gives the history what it does not have yet.
func (w *writer) flush() {
	if w.flushed == len(w.points) {
		return
	}
	w.give(nil)
}

func (w *writer) give(ended []*metric.Series) {
	// The history says itself, by a metric and in the log, when it cannot write.
	_ = w.append(metric.Batch{T: w.t, Points: w.points[w.flushed:len(w.points):len(w.points)], Ended: ended})
	w.flushed = len(w.points)
	clear(w.names)
}

// finish ends the tick and returns all that was written.
func (w *writer) finish() metric.Batch {
	var ended []*metric.Series
	for s, last := range w.live {
		if last != w.t {
			ended = append(ended, s)
			delete(w.live, s)
		}
	}
	if len(ended) > 0 || w.flushed < len(w.points) {
		w.give(ended)
	}
	w.reg.Retire(ended)
	w.size = len(w.points)
	return metric.Batch{T: w.t, Points: w.points, Ended: ended}
}
