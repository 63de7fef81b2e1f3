package hooks

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
	"monitord/alerts/hooks/send"
)

// HeartbeatName is the name of the alert that a heartbeat carries: that of the
// alert in Prometheus' own rule sets which always fires.
const HeartbeatName = "Watchdog"

// heartbeat returns what sends a hook's heartbeats: nothing while not all is
// well, which is what its receiver is to notice.
func (r *Runner) heartbeat(c compiled, check func() error, since time.Time) func(context.Context) send.Outcome {
	return func(ctx context.Context) send.Outcome {
		if err := check(); err != nil {
			return send.Outcome{Err: fmt.Errorf("no heartbeat is sent: %w", err)}
		}
		m, err := r.origin.Compose(message.Draft{Hook: c.Name, Events: []alerts.Event{wellness(r.opts.Instance, since)}, Heartbeat: true})
		if err != nil {
			return send.Outcome{Err: err}
		}
		return c.sender.Send(ctx, m)
	}
}

// checkup returns what says whether all is well, for one heartbeat after the
// other; a reload may leave two under way.
func (r *Runner) checkup() func() error {
	if r.opts.Checkup == nil {
		return func() error { return nil }
	}
	var mu sync.Mutex
	check := r.opts.Checkup()
	return func() error {
		mu.Lock()
		defer mu.Unlock()
		return check()
	}
}

// wellness is the event that a heartbeat carries. It has no number: the journal
// knows nothing of it.
func wellness(instance string, since time.Time) alerts.Event {
	ls := labels.FromStrings(labels.AlertName, HeartbeatName, "instance", instance, "severity", "none")
	return alerts.Event{
		T:    time.Now().UnixMilli(),
		Kind: alerts.KindFiring,
		Alert: alerts.Alert{
			Fingerprint: alerts.Fingerprint(ls),
			State:       alerts.PhaseFiring,
			Labels:      ls,
			Annotations: map[string]string{"summary": "monitord on " + instance + " is well; it is an alarm when this stops coming"},
			Value:       1,
			ActiveAt:    since,
			StartsAt:    since,
		},
	}
}
