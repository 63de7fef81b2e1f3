package config

import (
	"slices"
	"testing"
	"time"
)

func TestNeedRestart(t *testing.T) {
	old, changed := Default(), Default()
	if keys := NeedRestart(old, changed); keys != nil {
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
	if keys := NeedRestart(old, changed); !slices.Equal(keys, want) {
		t.Errorf("got %v, want %v", keys, want)
	}
}
