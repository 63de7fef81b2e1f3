package history

import (
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

func TestSecondDaemonIsTurnedAway(t *testing.T) {
	dir := t.TempDir()
	open(t, dir)
	_, err := Open(Options{Dir: dir, Config: DefaultConfig()})
	if err == nil || !strings.Contains(err.Error(), "another monitord uses "+dir) || strings.Contains(err.Error(), "\n") {
		t.Errorf("second open: %v", err)
	}
}

func TestCloseTwiceAndUseAfter(t *testing.T) {
	db, h := open(t, t.TempDir()), newHost(1)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := db.Append(h.batch(start)); err == nil {
		t.Error("append after close")
	}
	if _, err := db.Instant(t.Context(), "up", start); err == nil {
		t.Error("query after close")
	}
	if _, err := db.Ticks(t.Context(), 0, start); err == nil {
		t.Error("ticks after close")
	}
}

// What the run before left alive and this one does not have gets its staleness
// marker: at the first tick that has its metric, or after half a lookback.
func TestGoneSinceTheRunBefore(t *testing.T) {
	dir := t.TempDir()
	db, h := open(t, dir), newHost(3)
	slow := metric.NewDesc("slow", metric.Gauge, "", "", "n")
	rule := labels.FromStrings(model.MetricNameLabel, "rule", "core", "r")
	b := h.batch(start)
	for _, n := range []string{"0", "1"} {
		b.Points = append(b.Points, metric.Point{Series: h.reg.Series(slow, n), V: 1})
	}
	b.Points = append(b.Points, metric.Point{Series: h.reg.Series(metric.NewDesc("off", metric.Gauge, "", "")), V: 1})
	if err := db.Append(b); err != nil {
		t.Fatal(err)
	}
	gone := []labels.Labels{rule, labels.FromStrings(model.MetricNameLabel, "rule", "core", "s")}
	if err := db.AppendValues(start, []metric.Value{{Labels: gone[0], V: 1}, {Labels: gone[1], V: 1}}, nil); err != nil {
		t.Fatal(err)
	}
	db.Close()

	db, h = open(t, dir), newHost(2)
	step := func(sec int64, slowToo bool) {
		t.Helper()
		b := h.batch(start + sec*1000)
		if slowToo {
			b.Points = append(b.Points, metric.Point{Series: h.reg.Series(slow, "0"), V: 2})
		}
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
		if err := db.AppendValues(b.T, []metric.Value{{Labels: rule, V: 2}}, nil); err != nil {
			t.Fatal(err)
		}
	}
	check := func(sec int64, expr, want string) {
		t.Helper()
		if got := instant(t, db, expr, start+sec*1000); got != want {
			t.Errorf("%s after %d s: %s, want %s", expr, sec, got, want)
		}
	}
	step(5, false)
	check(5, "count(load)", "=2;") // its collector delivered: core 2 is gone
	check(5, "count(slow)", "=2;") // its collector has not delivered yet
	check(5, "count(off)", "=1;")
	check(5, "count(rule)", "=2;")
	step(6, true)
	check(6, "count(slow)", "=1;")
	for sec := int64(7); sec < 20; sec++ {
		step(sec, true)
	}
	check(19, "count(off)", "=1;")
	step(20, true) // half a lookback after the first tick
	check(20, "off", "")
	check(20, "count(rule)", "=1;")
	check(20, "count(slow)", "=1;")
	if db.starts != nil {
		t.Errorf("left: %v", db.starts.left)
	}
	if got := db.Stats().Rejected; got != 0 {
		t.Errorf("%d samples rejected", got)
	}
}

func TestLongGoneSeriesNeedNoMarker(t *testing.T) {
	dir := t.TempDir()
	db, h := open(t, dir), newHost(3)
	appendAll(t, db, h, start, start)
	db.Close()
	db, h = open(t, dir), newHost(1)
	appendAll(t, db, h, start+60_000, start+60_000)
	cols, err := db.Select(t.Context(), Selector{}, start, start+60_000, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range cols {
		if len(c.Ended) > 0 {
			t.Errorf("%s has a marker at %v", c.Labels, c.Ended)
		}
	}
	if db.starts != nil {
		t.Error("the run before is not forgotten")
	}
}
