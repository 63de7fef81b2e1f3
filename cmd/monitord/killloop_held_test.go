package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/silence"
)

// checkSilenced: the silence is there, and every event of its alert says so.
func checkSilenced(t *testing.T, log *alerts.Log, events []alerts.Event, id string) {
	t.Helper()
	if !slices.ContainsFunc(log.Silences(), func(s *silence.Silence) bool { return s.ID == id && s.State(time.Now()) == silence.Active }) {
		t.Errorf("the silence %s is not in force, there are %v", id, log.Silences())
	}
	seen := 0
	for _, e := range events {
		hushed := e.Alert.Labels.Get("alertname") == "Hushed"
		if hushed {
			seen++
		}
		if want := []string{id}; hushed != slices.Equal(e.Alert.SilencedBy, want) || !hushed && len(e.Alert.SilencedBy) > 0 {
			t.Errorf("%s %d of %s is silenced by %q", e.Kind, e.Seq, e.Alert.Labels, e.Alert.SilencedBy)
		}
	}
	if seen < 2 { // it has fired by the time that the loop ends, and its rule has gone
		t.Errorf("%d events are silenced", seen)
	}
}

// checkKept: what is kept firing does not end before its time, unless its rule does.
func checkKept(t *testing.T, events []alerts.Event, gone int64) {
	t.Helper()
	for _, e := range events {
		if e.Kind != alerts.KindResolved || e.T >= gone || !strings.HasPrefix(e.Alert.Labels.Get("alertname"), "Kept") {
			continue
		}
		if held := e.T - e.Alert.StartsAt.UnixMilli(); held < 2000 {
			t.Errorf("%d, %s, was kept firing for %d ms", e.Seq, e.Alert.Labels, held)
		}
	}
}

// checkFlaps: a firing that is the fourth change within the window is marked, however
// often the daemon was killed in between. It returns how many were.
func checkFlaps(t *testing.T, events []alerts.Event) int {
	t.Helper()
	var changes []int64 // since it flapped last
	marked, flapping := 0, false
	for _, e := range events {
		if e.Alert.Labels.Get("alertname") != "Flaps" || e.Kind != alerts.KindFiring && e.Kind != alerts.KindResolved {
			continue
		}
		if e.Kind == alerts.KindResolved {
			if changes = append(changes, e.T); flapping {
				changes, flapping = nil, false
			}
			continue
		}
		changes = slices.DeleteFunc(append(changes, e.T), func(at int64) bool { return e.T-at >= 8000 })
		flapping = e.Alert.Flapping
		if flapping {
			marked++
		} else if len(changes) >= 4 {
			t.Errorf("%d fires and is not marked as flapping, after changes at %v", e.Seq, changes)
		}
	}
	return marked
}
