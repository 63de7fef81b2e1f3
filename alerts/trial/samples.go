package trial

import (
	"fmt"

	"monitord/history"
	"monitord/metric"
)

// A loader puts a test's input series into the history as time goes on, so that
// no rule sees what comes later. It is not safe for concurrent use.
type loader struct {
	db          *history.DB
	series      []series
	start, step int64 // milliseconds
	next        int   // index of the values that come next
	longest     int
}

func newLoader(db *history.DB, t *Test, start, step int64) (*loader, error) {
	l := &loader{db: db, start: start, step: step}
	at := make(map[uint64]int)
	for _, in := range t.InputSeries {
		s, err := parseSeries(in)
		if err != nil {
			return nil, err
		}
		h := s.labels.Hash()
		if i, again := at[h]; again { // as in promtool the last one counts
			l.series[i] = s
		} else {
			at[h] = len(l.series)
			l.series = append(l.series, s)
		}
	}
	for _, s := range l.series {
		l.longest = max(l.longest, len(s.values))
	}
	return l, nil
}

// until appends all samples up to t.
func (l *loader) until(t int64) error {
	for ; l.next < l.longest; l.next++ {
		at := l.start + int64(l.next)*l.step
		if at > t {
			return nil
		}
		var values []metric.Value
		for _, s := range l.series {
			if l.next < len(s.values) && (s.omitted == nil || !s.omitted[l.next]) {
				values = append(values, metric.Value{Labels: s.labels, V: s.values[l.next]})
			}
		}
		if err := appendAll(l.db, at, values); err != nil {
			return err
		}
	}
	return nil
}

// appendAll appends values. That the history refuses one is an error.
func appendAll(db *history.DB, t int64, values []metric.Value) error {
	before := db.Stats().Rejected
	if err := db.AppendValues(t, values, nil); err != nil {
		return err
	}
	if n := db.Stats().Rejected - before; n > 0 {
		return fmt.Errorf("%d of %d samples are refused: their series has another value at that time already, or its labels are none", n, len(values))
	}
	return nil
}
