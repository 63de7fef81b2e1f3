package main

import (
	"encoding/csv"
	"strconv"

	"monitord/cmd/monitord/clean"
	"monitord/stream/wire"
)

// watchCSV writes a line per value or alert, with a heading.
type watchCSV struct {
	watchOutput
	w      *csv.Writer
	headed bool
}

func (w *watchCSV) heading(names ...string) {
	if !w.headed {
		w.headed = true
		w.line(names...)
	}
}

// line leaves errors to the flush that follows.
func (w *watchCSV) line(fields ...string) {
	for i := range fields {
		fields[i] = clean.Text(fields[i])
	}
	_ = w.w.Write(fields)
}

func (w *watchCSV) flush() error {
	w.w.Flush()
	if err := w.w.Error(); err != nil {
		return err
	}
	return w.out.Flush()
}

func (w *watchCSV) values(_ wire.Request, m *wire.Samples, columns []wire.Labels) error {
	w.heading("t", "metric", "value")
	for i, v := range m.V {
		if !wire.IsNone(v) {
			w.line(strconv.FormatInt(m.T, 10), metricName(columns[i]), promFloat(v))
		}
	}
	return w.flush()
}

func (w *watchCSV) alert(m *wire.Event, _ []byte) error {
	w.heading("t", "seq", "event", "alert", "value", "summary")
	seq := ""
	if m.Seq != 0 {
		seq = strconv.FormatUint(m.Seq, 10)
	}
	w.line(strconv.FormatInt(m.T, 10), seq, m.Event, metricName(m.Alert.Labels), promFloat(m.Alert.Value), m.Alert.Annotations.Get("summary"))
	return w.flush()
}
