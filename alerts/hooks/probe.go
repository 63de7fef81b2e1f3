package hooks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
)

// A Test is how a hook is tried out. One that sends heartbeats sends one.
type Test struct {
	Severity string // label of the alert; empty: critical
	Resolved bool   // the end of an alert, else its beginning
}

// TestResult is what came of it. It holds no secret.
type TestResult struct {
	Hook    string  `json:"hook"`
	Type    string  `json:"type"`
	Target  string  `json:"target"`
	Request string  `json:"request"` // as it was sent, for people
	Answer  string  `json:"answer"`  // likewise
	Took    float64 `json:"seconds"`
	Error   string  `json:"error,omitempty"` // empty: it went well
	// Permanent says that a delivery would be given up at once, not tried again.
	Permanent bool `json:"permanent,omitempty"`
}

// maxTests bounds the tests that run at once.
const maxTests = 4

// Test sends an alert that does not exist through a hook as it is configured, at
// once, whatever waits. The journal is told nothing.
func (r *Runner) Test(ctx context.Context, name string, t Test) (TestResult, error) {
	var c *compiled
	err := r.ask(ctx, func() {
		if h := r.find(name); h != nil {
			found := h.compiled
			c = &found
		}
	})
	if err == nil && c == nil {
		err = noHook(name)
	}
	if err != nil {
		return TestResult{}, fmt.Errorf("test: %w", err)
	}
	select {
	case r.tests <- struct{}{}:
		defer func() { <-r.tests }()
	default:
		return TestResult{}, fmt.Errorf("test: %w", ErrBusy)
	}
	return try(ctx, r.origin, *c, t), nil
}

// TestAlone does what [Runner.Test] does, without a runner: with a hook of a
// configuration that may not be in force.
func TestAlone(ctx context.Context, cfgs []Config, name string, o Options, t Test) (TestResult, error) {
	i := slices.IndexFunc(cfgs, func(c Config) bool { return c.Name == name })
	if i < 0 {
		return TestResult{}, fmt.Errorf("%.64q: %w", name, ErrNoHook)
	}
	hooks, faults := compile(cfgs[i:i+1], o)
	if len(faults) > 0 {
		return TestResult{}, errors.Join(faults...)
	}
	defer hooks[0].sender.Close()
	return try(ctx, message.Origin{Epoch: "test", Instance: o.Instance, ExternalURL: o.ExternalURL}, hooks[0], t), nil
}

// try sends the alert of a test, or a heartbeat, and does nothing else.
func try(ctx context.Context, from message.Origin, c compiled, t Test) TestResult {
	res := TestResult{Hook: c.Name, Type: c.Type, Target: c.sender.Target()}
	d := message.Draft{Hook: c.Name, Events: []alerts.Event{example(from.Instance, t)}, GroupBy: c.GroupBy, Test: true}
	if c.Heartbeat > 0 {
		d = message.Draft{Hook: c.Name, Events: []alerts.Event{wellness(from.Instance, time.Now())}, Test: true, Heartbeat: true}
	}
	m, err := from.Compose(d)
	if err != nil {
		res.Error = err.Error()
		return res
	}
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	begun := time.Now()
	out := c.sender.Send(limited, m)
	res.Took = time.Since(begun).Seconds()
	res.Request, res.Answer, res.Permanent = out.Request, out.Answer, out.Permanent
	if out.Err != nil {
		res.Error = out.Err.Error()
	}
	return res
}

// testAlert is the name of the alert that a test sends.
const testAlert = "MonitordTest"

// example is the event of a test. It has no number: no journal knows it.
func example(instance string, t Test) alerts.Event {
	severity := t.Severity
	if severity == "" {
		severity = "critical"
	}
	ls := labels.FromStrings(labels.AlertName, testAlert, "instance", instance, "severity", severity)
	now := time.Now().UTC().Truncate(time.Millisecond)
	e := alerts.Event{
		T:    now.UnixMilli(),
		Kind: alerts.KindFiring,
		Alert: alerts.Alert{
			Fingerprint: alerts.Fingerprint(ls),
			State:       alerts.PhaseFiring,
			Labels:      ls,
			Annotations: map[string]string{
				"summary":     "a test from monitord on " + instance,
				"description": "Somebody tries this hook out. Nothing is wrong, nothing needs to be done.",
			},
			Value:    1,
			ActiveAt: now.Add(-time.Minute),
			StartsAt: now.Add(-time.Minute),
		},
	}
	if t.Resolved {
		e.Kind, e.Alert.State, e.Alert.EndsAt = alerts.KindResolved, alerts.PhaseInactive, now
	}
	return e
}
