package hooktest

import (
	"reflect"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
)

// Transition is an event of the alert with that name.
func Transition(name string, kind alerts.Kind, hooks []string) alerts.Event {
	ls := labels.FromStrings("alertname", name, "severity", "critical", "instance", "web1")
	now := time.Now().UTC()
	e := alerts.Event{
		T:     now.UnixMilli(),
		Kind:  kind,
		Rule:  "0123456789abcdef",
		Hooks: hooks,
		Alert: alerts.Alert{
			Fingerprint: alerts.Fingerprint(ls),
			State:       alerts.PhaseFiring,
			Labels:      ls,
			Annotations: map[string]string{"summary": name + " is on fire"},
			Value:       93.5,
			ActiveAt:    now.Add(-time.Minute).Truncate(time.Millisecond),
			StartsAt:    now.Truncate(time.Millisecond),
		},
	}
	if kind == alerts.KindResolved {
		e.Alert.State = alerts.PhaseInactive
		e.Alert.EndsAt = now.Truncate(time.Millisecond)
	}
	return e
}

// WithLabel is the same event of an alert with another label.
func WithLabel(e alerts.Event, name, value string) alerts.Event {
	e.Alert.Labels = labels.NewBuilder(e.Alert.Labels).Set(name, value).Labels()
	e.Alert.Fingerprint = alerts.Fingerprint(e.Alert.Labels)
	return e
}

func Firing(name string) alerts.Event { return Transition(name, alerts.KindFiring, nil) }

func Resolved(name string) alerts.Event { return Transition(name, alerts.KindResolved, nil) }

// Golden is an event without anything that changes.
func Golden() alerts.Event {
	e := Firing("DiskFull")
	e.Seq, e.T, e.Durable = 1042, 1763683200000, true
	e.Alert.ActiveAt = time.UnixMilli(1763683140000)
	e.Alert.StartsAt = time.UnixMilli(1763683200000)
	e.Alert.GeneratorURL = "http://web1:6455/graph?g0.expr=up"
	return e
}

func Equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s:\n got %v\nwant %v", what, got, want)
	}
}
