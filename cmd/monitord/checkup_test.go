package main

import (
	"testing"

	"monitord/alerts"
	"monitord/alerts/journal"
	"monitord/history"
)

func TestCheckup(t *testing.T) {
	var ticks, rules uint64
	recorder, log, stored := alerts.RecorderStats{}, journal.Stats{}, history.Stats{Writable: true}
	check := newCheckup([]pulse{{"ticks", func() uint64 { return ticks }}, {"rules", func() uint64 { return rules }}},
		func() alerts.RecorderStats { return recorder }, func() journal.Stats { return log }, func() history.Stats { return stored })
	for _, tt := range []struct {
		name   string
		change func()
		want   string
	}{
		{"both moved", func() { ticks, rules = 1, 1 }, ""},
		{"one did not", func() { ticks++ }, "nothing moves in: rules"},
		{"nor did either", func() {}, "nothing moves in: ticks"},
		{"again", func() { ticks, rules = ticks+2, rules+5 }, ""},
		{"refused", func() { ticks, rules, recorder.Refused = ticks+1, rules+1, true }, "the alert journal takes nothing"},
		{"broken", func() { ticks, rules, recorder.Refused, log.Broken = ticks+1, rules+1, false, true }, "the alert journal takes nothing"},
		{"in memory", func() { ticks, rules, log.Broken, stored.Writable = ticks+1, rules+1, false, false }, "the history takes nothing"},
		{"well", func() { ticks, rules, stored.Writable = ticks+1, rules+1, true }, ""},
	} {
		tt.change()
		got := ""
		if err := check(); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
