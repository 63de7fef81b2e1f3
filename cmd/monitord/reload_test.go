package main

import (
	"slices"
	"testing"
	"time"
)

func TestNeedRestart(t *testing.T) {
	old, changed := defaultConfig(), defaultConfig()
	if keys := needRestart(old, changed); keys != nil {
		t.Errorf("nothing changed, and %v need a restart", keys)
	}
	changed.Log.Level = "debug"
	changed.Server.Hosts = []string{"a.example"}
	changed.Alerts.Rules = append(changed.Alerts.Rules, changed.Alerts.Rules...)
	changed.Labels = map[string]string{"job": "other"}
	changed.Collectors.Disk.Enabled = false
	changed.Stream.MaxReplay = 1
	changed.History.Retention = time.Hour
	want := []string{"collectors.disk.enabled", "history.retention", "labels", "stream.max_replay"}
	if keys := needRestart(old, changed); !slices.Equal(keys, want) {
		t.Errorf("got %v, want %v", keys, want)
	}
}

func TestStuckPulse(t *testing.T) {
	n := []uint64{1, 1}
	pulses := []pulse{{"a", func() uint64 { return n[0] }}, {"b", func() uint64 { return n[1] }}}
	if stuck := stuckPulse(pulses, []uint64{0, 1}); stuck != "b" {
		t.Errorf("got %q, want b", stuck)
	}
	if stuck := stuckPulse(pulses, []uint64{0, 0}); stuck != "" {
		t.Errorf("got %q, want none", stuck)
	}
}

func TestSlowestMovesOnlyWhenAllLoopsTurn(t *testing.T) {
	loops := []uint64{1, 1}
	count := slowest(func() []uint64 { return slices.Clone(loops) })
	first := count()
	loops[0]++
	if count() != first {
		t.Error("one of two loops has turned, and the count has moved")
	}
	loops[1]++
	if count() == first {
		t.Error("both loops have turned, and the count has not moved")
	}
}

func TestTickPulse(t *testing.T) {
	d := &tickDriver{}
	now := d.pulse(time.Minute)
	if first := now(); now() != first {
		t.Error("before the first tick it moves")
	}
	d.ended.Store(time.Now().UnixNano())
	if a := now(); a == now() {
		t.Error("while the next tick is not due it stands")
	}
	d.ended.Store(time.Now().Add(-3 * time.Minute).UnixNano())
	if a := now(); a != now() {
		t.Error("though the tick is overdue it moves")
	}
}
