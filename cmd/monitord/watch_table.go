package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"monitord/cmd/monitord/clean"
	"monitord/stream/wire"
)

// Bounds of what the table keeps.
const (
	maxTableAlerts = 1000
	maxTableEnded  = 5
	maxTableNotes  = 3
)

// tableModel is what the table shows. It is not safe for concurrent use.
type tableModel struct {
	instance string
	words    string        // about the connection
	tick     time.Duration // the daemon's interval
	t        int64         // newest time seen
	heard    time.Time     // when anything came last
	sections []*tableSection
	alerting bool // alerts are followed
	active   map[string]*wire.Event
	ended    []*wire.Event
	notes    []string
}

// tableSection is one subscription to values.
type tableSection struct {
	request wire.Request
	heard   time.Time // when the values came
	columns []wire.Labels
	values  []float64
}

func newTableModel(requests []wire.Request) *tableModel {
	m := &tableModel{active: map[string]*wire.Event{}, words: "connecting"}
	for _, r := range requests {
		if r.Kind == wire.KindAlerts {
			m.alerting = true
			continue
		}
		m.sections = append(m.sections, &tableSection{request: r})
	}
	return m
}

func (m *tableModel) values(r wire.Request, s *wire.Samples, columns []wire.Labels) {
	m.beat(s.T)
	for _, section := range m.sections {
		if section.request.ID == r.ID {
			section.heard, section.columns, section.values = m.heard, columns, s.V
		}
	}
}

// beat takes in that the daemon speaks, and its time.
func (m *tableModel) beat(t int64) {
	m.t, m.heard = max(m.t, t), time.Now()
}

// fresh is how long values are the newest while other things come: an expression
// that returns nothing any more says nothing, and a busy daemon says late what it
// has to say.
const fresh = 20 * time.Second

func (m *tableModel) alert(e *wire.Event) {
	m.beat(e.T)
	key := e.Alert.Fingerprint
	switch e.Event {
	case "resolved", "inactive":
		delete(m.active, key)
		m.ended = append(m.ended, e)
		m.ended = m.ended[max(0, len(m.ended)-maxTableEnded):]
	case "notified", "notify_failed":
		// What a hook did does not change the alert.
	default:
		if _, known := m.active[key]; known || len(m.active) < maxTableAlerts {
			m.active[key] = e
		}
	}
}

func (m *tableModel) note(s string) {
	m.notes = append(m.notes, s)
	m.notes = m.notes[max(0, len(m.notes)-maxTableNotes):]
}

// lines is the table for a terminal of so many columns; 0: as wide as it gets.
func (m *tableModel) lines(width int) []tableLine {
	when := ""
	if m.t > 0 {
		when = clock(m.t)
	}
	lines := []tableLine{{{m.instance, bold}, {"  " + m.words, ""}, {"  " + when, dim}}}
	if m.alerting { // first: a terminal has an end
		lines = append(append(lines, nil), m.alertLines()...)
	}
	for _, s := range m.sections {
		stale := m.heard.Sub(s.heard) > fresh+3*max(s.request.Every, m.tick)
		lines = append(append(lines, nil), s.lines(width, stale)...)
	}
	for _, n := range m.notes {
		lines = append(lines, tableLine{{"! " + n, dim}})
	}
	return lines
}

func (s *tableSection) lines(width int, stale bool) []tableLine {
	title := s.request.Expr
	if title == "" {
		title = "all samples"
	}
	lines := []tableLine{{{title, bold}}}
	var rows [][]segment
	hidden := commonLabels(s.columns)
	for i, v := range s.values {
		if !wire.IsNone(v) && !stale {
			rows = append(rows, []segment{{metricName(without(s.columns[i], hidden)), ""}, {shortFloat(v), ""}})
		}
	}
	if len(rows) == 0 {
		return append(lines, tableLine{{"  nothing", dim}})
	}
	narrow(rows, width)
	return append(lines, align(rows, 1)...)
}

// narrow shortens names so that the values beside them fit into the columns of
// the terminal: a value that is cut off is none.
func narrow(rows [][]segment, width int) {
	if width == 0 {
		return
	}
	widest := 0
	for _, row := range rows {
		widest = max(widest, len(row[1].text))
	}
	const around = 5 // indent, gap, and the last column, which stays free
	room := max(width-around-widest, 1)
	for _, row := range rows {
		if name := []rune(row[0].text); len(name) > room {
			row[0].text = string(name[:room-1]) + "…"
		}
	}
}

func (m *tableModel) alertLines() []tableLine {
	active := make([]*wire.Event, 0, len(m.active))
	firing := 0
	for _, e := range m.active {
		active = append(active, e)
		if e.Alert.State == "firing" {
			firing++
		}
	}
	slices.SortFunc(active, func(a, b *wire.Event) int {
		return cmp.Or(cmp.Compare(a.Alert.State, b.Alert.State), since(a).Compare(since(b)),
			cmp.Compare(a.Alert.Fingerprint, b.Alert.Fingerprint))
	})
	title := fmt.Sprintf("alerts: %d firing, %d pending", firing, len(active)-firing)
	lines := []tableLine{{{title, bold}}}
	var rows [][]segment
	for _, e := range active {
		state := e.Alert.State
		if len(e.Alert.SilencedBy) > 0 {
			state += ", silenced"
		}
		rows = append(rows, alertRow(state, since(e), e))
	}
	for _, e := range slices.Backward(m.ended) {
		at := e.Alert.EndsAt
		if at.IsZero() {
			at = time.UnixMilli(e.T)
		}
		rows = append(rows, alertRow(e.Event, at, e))
	}
	return append(lines, align(rows, -1)...)
}

// since is when an active alert reached its state, as `monitord alerts` has it.
func since(e *wire.Event) time.Time {
	if !e.Alert.StartsAt.IsZero() {
		return e.Alert.StartsAt
	}
	return e.Alert.ActiveAt
}

// shortFloat writes a value for people: whole numbers as they are, others with
// six digits that count, and without an exponent where that is short.
func shortFloat(v float64) string {
	a := math.Abs(v)
	if math.IsNaN(v) || math.IsInf(v, 0) || v == math.Trunc(v) && a < 1e15 || a != 0 && (a < 1e-4 || a >= 1e15) {
		return promFloat(v)
	}
	digits := max(0, 5-int(math.Floor(math.Log10(a))))
	s := strconv.FormatFloat(v, 'f', digits, 64)
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

func alertRow(state string, at time.Time, e *wire.Event) []segment {
	a := &e.Alert
	labels := make(wire.Labels, 0, len(a.Labels))
	for _, l := range a.Labels {
		switch l.Name {
		case "alertname":
			labels = append(labels, wire.Label{Name: "__name__", Value: l.Value})
		case "severity", "instance", "job":
		default:
			labels = append(labels, l)
		}
	}
	return []segment{
		{clean.Text(state), stateStyle(state)},
		{at.Local().Format("01-02 15:04:05"), ""},
		{clean.Text(a.Labels.Get("severity")), ""},
		{metricName(labels), ""},
		{shortFloat(a.Value), ""},
		{clean.Text(a.Annotations.Get("summary")), dim},
	}
}

func stateStyle(state string) string {
	switch state {
	case "firing":
		return red
	case "pending":
		return yellow
	case "resolved":
		return green
	}
	return ""
}

// commonLabels are those that every one of several series has: naming them again
// in each row says nothing.
func commonLabels(series []wire.Labels) wire.Labels {
	if len(series) < 2 {
		return nil
	}
	var common wire.Labels
	for _, l := range series[0] {
		if l.Name != "__name__" && !slices.ContainsFunc(series, func(s wire.Labels) bool { return !slices.Contains(s, l) }) {
			common = append(common, l)
		}
	}
	return common
}

func without(labels, hidden wire.Labels) wire.Labels {
	var rest wire.Labels
	for _, l := range labels {
		if !slices.Contains(hidden, l) {
			rest = append(rest, l)
		}
	}
	return rest
}

// align pads columns to the same width; the one with index right is aligned to
// the right. The last column is not padded.
func align(rows [][]segment, right int) []tableLine {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell.text)))
		}
	}
	lines := make([]tableLine, len(rows))
	for i, row := range rows {
		line := tableLine{{"  ", ""}}
		for j, cell := range row {
			pad := strings.Repeat(" ", widths[j]-len([]rune(cell.text)))
			switch {
			case j == right:
				line = append(line, segment{pad, ""}, cell)
			case j == len(row)-1:
				line = append(line, cell)
			default:
				line = append(line, cell, segment{pad, ""})
			}
			if j < len(row)-1 {
				line = append(line, segment{"  ", ""})
			}
		}
		lines[i] = line
	}
	return lines
}
