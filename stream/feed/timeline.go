package feed

import (
	"monitord/metric"
	"monitord/stream/wire"
)

// A timeline turns values at growing times into messages. One makes the live
// messages of a topic, another every page of a replay: that is why they are the
// same. It is not safe for concurrent use.
type timeline struct {
	sub   uint32
	every int64 // milliseconds
	last  int64 // newest due tick that is accounted for; 0: none yet
	cols  columns

	resend bool   // a gap has been told: series comes again
	series []byte // the series message in force
}

// A step is what a timeline has to say about one tick.
type step struct {
	gap   []byte // of the times before, nil: none
	gapTo int64  // the time that it stands at: the last one missing
	// preamble is what a reader must know that starts here; nil when messages
	// begin with it.
	preamble []byte
	messages [][]byte // empty when there is nothing to say
}

// advance accounts for the tick t and returns the gap before it, if there is one.
func (tl *timeline) advance(t int64, reason wire.Reason) step {
	var s step
	missing := tl.last + tl.every
	switch {
	case tl.last == 0:
	case t <= tl.last: // the wall clock was stepped back
		s.gapTo = t - 1
		s.gap = tl.gapMessage(t, tl.last, 0, wire.Clock)
	case missing < t:
		s.gapTo = t - tl.every
		s.gap = tl.gapMessage(missing, s.gapTo, count(missing, s.gapTo, tl.every), reason)
	}
	tl.last = t
	return s
}

func (tl *timeline) gapMessage(from, to, missed int64, reason wire.Reason) []byte {
	tl.resend = true
	g := wire.Gap{Sub: tl.sub, From: from, To: to, Missed: missed, Reason: reason}
	return g.AppendJSON(nil)
}

// take accounts for the tick of a row and returns all there is to say about it.
func (tl *timeline) take(r row, reason wire.Reason) step {
	s := tl.advance(r.t, reason)
	if r.err != nil {
		tl.fail(&s, r.err)
	} else {
		tl.values(&s, r.values)
	}
	return s
}

// values adds the samples of the tick that advance has accounted for.
func (tl *timeline) values(s *step, values []metric.Value) {
	values = present(values)
	if len(values) == 0 {
		return
	}
	row, ok := tl.cols.row(values)
	if !ok || tl.resend || !tl.cols.begun {
		tl.rebuild(s, values)
		row, _ = tl.cols.row(values)
	}
	tl.row(s, row)
}

// rebuild makes the columns anew and says so, if anything changed or a series
// message is owed.
func (tl *timeline) rebuild(s *step, values []metric.Value) {
	rev := tl.cols.rev
	tl.cols.rebuild(values)
	if rev != tl.cols.rev {
		tl.series = tl.cols.message(tl.sub)
	}
	tl.resend = false
	s.messages = append(s.messages, tl.series)
}

// row adds the samples message of a row that fits the columns.
func (tl *timeline) row(s *step, row []float64) {
	if len(s.messages) == 0 {
		s.preamble = tl.series
	}
	m := wire.Samples{Sub: tl.sub, Rev: tl.cols.rev, T: tl.last, V: row}
	s.messages = append(s.messages, m.AppendJSON(make([]byte, 0, 64+12*len(row))))
}

// fail adds the error of a query that could not be evaluated.
func (tl *timeline) fail(s *step, err error) {
	m := wire.Error{Sub: tl.sub, T: tl.last, Code: wire.QueryFailed, Message: clip(err.Error())}
	s.preamble = tl.series
	s.messages = append(s.messages, m.AppendJSON(nil))
}

// present returns the values that are samples: a staleness marker is none.
func present(values []metric.Value) []metric.Value {
	for i, v := range values {
		if !wire.IsNone(v.V) {
			continue
		}
		kept := append([]metric.Value(nil), values[:i]...)
		for _, v := range values[i+1:] {
			if !wire.IsNone(v.V) {
				kept = append(kept, v)
			}
		}
		return kept
	}
	return values
}

// maxText bounds a message for people that others wrote: an expression in it
// may be long.
const maxText = 1000

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return s[:maxText] + "…"
}
