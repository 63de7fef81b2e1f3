package alerts_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/history"
	"monitord/metric"
)

// TestSilenceNotice runs the built-in rule on a real history: it fires a quarter
// of an hour before the end of a silence of more than an hour, says whose it is,
// and resolves when the silence is made longer or ends.
func TestSilenceNotice(t *testing.T) {
	db, err := history.Open(history.Options{
		Dir: t.TempDir(), Config: history.DefaultConfig(), Lookback: 3 * time.Second, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	e, err := alerts.NewEngine(alerts.EngineOptions{
		Query: db, Registry: metric.NewRegistry(labels.EmptyLabels()), Append: func(metric.Batch) error { return nil },
		Interval: time.Second, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	if faults := e.Load(nil); len(faults) > 0 {
		t.Fatal(faults)
	}
	const start = int64(1768078800)
	long, short := start+3601, start+3600
	tick := func(at int64) (told []alerts.Event) {
		t.Helper()
		values := func(id string, ends int64) []metric.Value {
			return []metric.Value{
				{Labels: labels.FromStrings("__name__", "monitord_silence_start_timestamp_seconds", "silence", id), V: float64(start)},
				{Labels: labels.FromStrings("__name__", "monitord_silence_end_timestamp_seconds", "silence", id, "created_by", "ann", "comment", "moving \"db\""), V: float64(ends)},
			}
		}
		for n := range int64(10) { // the rule is evaluated at one of ten seconds
			if err := db.AppendValues((at+n)*1000, append(values("long", long), values("short", short)...), nil); err != nil {
				t.Fatal(err)
			}
			for _, ev := range e.Eval(t.Context(), (at+n)*1000).Events {
				if ev.Alert.Labels.Get("alertname") == "MonitordSilenceExpires" {
					told = append(told, ev)
				}
			}
		}
		return told
	}
	if got := tick(start + 2690); len(got) != 0 {
		t.Errorf("too early: %+v", got)
	}
	got := tick(start + 2702)
	if len(got) != 1 || got[0].Kind != alerts.KindFiring || got[0].Alert.Labels.Get("silence") != "long" || got[0].Alert.Labels.Get("severity") != "info" {
		t.Fatalf("got %+v", got)
	}
	summary, text := got[0].Alert.Annotations["summary"], got[0].Alert.Annotations["description"]
	if !strings.HasPrefix(summary, "a silence of ann ends in 14m") {
		t.Errorf("summary is %q", summary)
	}
	for _, part := range []string{`moving "db". What it silences is told again from 2026-01-10 22:00:01 +0000 UTC on.`, "monitord silence update long --duration 2h"} {
		if !strings.Contains(text, part) {
			t.Errorf("description is %q, lacks %q", text, part)
		}
	}
	long += 7200
	if got := tick(start + 2720); len(got) != 1 || got[0].Kind != alerts.KindResolved {
		t.Errorf("made longer: %+v", got)
	}
}
