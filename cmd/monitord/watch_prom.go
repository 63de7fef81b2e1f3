package main

import (
	"fmt"
	"strings"

	"monitord/cmd/monitord/clean"
	"monitord/stream/wire"
)

// watchProm writes Prometheus' text format.
type watchProm struct{ watchOutput }

func (w *watchProm) values(r wire.Request, m *wire.Samples, columns []wire.Labels) error {
	for i, v := range m.V {
		if wire.IsNone(v) {
			continue
		}
		labels := columns[i]
		if labels.Get("__name__") == "" {
			// The format knows no series without a name.
			labels = append(wire.Labels{{Name: "__name__", Value: "monitord_query"}, {Name: "query", Value: r.Expr}}, labels...)
		}
		fmt.Fprintf(w.out, "%s %s %d\n", metricName(labels), promFloat(v), m.T)
	}
	return w.out.Flush()
}

func (w *watchProm) alert(m *wire.Event, _ []byte) error {
	labels := wire.Labels{{Name: "__name__", Value: "ALERTS"}}
	for _, l := range m.Alert.Labels {
		if l.Name == "alertname" {
			labels = append(labels, l, wire.Label{Name: "alertstate", Value: m.Alert.State})
		}
	}
	for _, l := range m.Alert.Labels {
		if l.Name != "alertname" {
			labels = append(labels, l)
		}
	}
	active := 0
	if m.Alert.State == "firing" || m.Alert.State == "pending" {
		active = 1
	}
	fmt.Fprintf(w.out, "%s %d %d\n", metricName(labels), active, m.T)
	return w.out.Flush()
}

// metricName writes labels as PromQL does: name{a="1",b="2"}, on one line and
// without control bytes.
func metricName(labels wire.Labels) string {
	var b strings.Builder
	b.WriteString(clean.Text(labels.Get("__name__")))
	n := 0
	for _, l := range labels {
		if l.Name == "__name__" {
			continue
		}
		if n++; n == 1 {
			b.WriteByte('{')
		} else {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `%s="%s"`, clean.Text(l.Name), clean.Text(promEscape.Replace(l.Value)))
	}
	if n > 0 {
		b.WriteByte('}')
	}
	if b.Len() == 0 {
		return "{}"
	}
	return b.String()
}

var promEscape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

// promFloat writes a value as Prometheus does.
func promFloat(v float64) string { return strings.Trim(string(wire.AppendFloat(nil, v)), `"`) }
