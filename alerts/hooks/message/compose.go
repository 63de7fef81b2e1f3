package message

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
)

// A Draft is what a message is made of.
type Draft struct {
	Hook    string
	Events  []alerts.Event // at least one, by number
	GroupBy []string       // none: the events are one alert's
	Repeat  int            // the how manieth repeat; 0 for none
	Test    bool

	Heartbeat bool // it says that all is well, and no more
}

// Key is the idempotency key of a delivery that goes by the number of an event.
func (o Origin) Key(hook string, seq uint64, repeat int) string {
	key := fmt.Sprintf("%s-%s-%d", o.Epoch, hook, seq)
	if repeat > 0 {
		key += fmt.Sprintf("-r%d", repeat)
	}
	return key
}

// Compose makes the message in which a hook delivers events.
func (o Origin) Compose(d Draft) (*Message, error) {
	m := &Message{Events: d.Events, Traced: d.Test}
	last := m.Newest()
	m.Key = o.Key(d.Hook, last.Seq, d.Repeat)
	if last.Seq == 0 {
		m.Key = fmt.Sprintf("%s-%s-%s-%d-%s", o.Epoch, d.Hook, last.Alert.Fingerprint, last.T, last.Kind)
	}
	m.Group = last.Alert.Labels
	if len(d.GroupBy) > 0 {
		m.Group = labels.NewBuilder(m.Group).Keep(d.GroupBy...).Labels()
	}
	p := &m.Payload
	*p = Payload{
		Version:           "4",
		GroupKey:          "{}:" + m.Group.String(),
		Status:            overall(d.Events),
		Receiver:          d.Hook,
		GroupLabels:       m.Group.Map(),
		CommonLabels:      common(d.Events, func(e *alerts.Event) map[string]string { return e.Alert.Labels.Map() }),
		CommonAnnotations: common(d.Events, func(e *alerts.Event) map[string]string { return e.Alert.Annotations }),
		ExternalURL:       strings.TrimRight(o.ExternalURL, "/"), // as Alertmanager has it
		Monitord:          ours{Instance: o.Instance, Epoch: o.Epoch, IdempotencyKey: m.Key, Repeat: d.Repeat, Test: d.Test, Heartbeat: d.Heartbeat},
	}
	for i := range d.Events {
		p.add(&d.Events[i])
	}
	var err error
	if m.Body, err = json.Marshal(p); err != nil {
		return nil, fmt.Errorf("encode the delivery: %w", err)
	}
	return m, nil
}

func (p *Payload) add(e *alerts.Event) {
	annotations := e.Alert.Annotations
	if annotations == nil {
		annotations = map[string]string{}
	}
	p.Alerts = append(p.Alerts, payloadAlert{
		Status:       Status(e),
		Labels:       e.Alert.Labels.Map(),
		Annotations:  annotations,
		StartsAt:     e.Alert.StartsAt.UTC(),
		EndsAt:       e.Alert.EndsAt.UTC(),
		GeneratorURL: e.Alert.GeneratorURL,
		Fingerprint:  e.Alert.Fingerprint,
	})
	p.Monitord.Alerts = append(p.Monitord.Alerts, oursAlert{
		Seq:      e.Seq,
		T:        e.T,
		Event:    string(e.Kind),
		Durable:  e.Durable,
		Value:    jsonFloat(e.Alert.Value),
		ActiveAt: e.Alert.ActiveAt.UTC(),
		Flapping: e.Alert.Flapping,
		Stale:    e.Alert.Stale,
		Evidence: newEvidence(e.Alert.Evidence),
	})
}

// overall is firing as long as one of the alerts fires after its last event.
func overall(events []alerts.Event) string {
	seen := make(map[string]bool, len(events))
	for i := len(events) - 1; i >= 0; i-- {
		e := &events[i]
		if !seen[e.Key()] && Status(e) == "firing" {
			return "firing"
		}
		seen[e.Key()] = true
	}
	return "resolved"
}

// common returns what all events have alike.
func common(events []alerts.Event, of func(*alerts.Event) map[string]string) map[string]string {
	alike := make(map[string]string)
	for name, value := range of(&events[0]) {
		alike[name] = value
	}
	for i := range events[1:] {
		other := of(&events[1+i])
		for name, value := range alike {
			if v, ok := other[name]; !ok || v != value {
				delete(alike, name)
			}
		}
	}
	return alike
}
