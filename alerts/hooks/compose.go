package hooks

import (
	"encoding/json"
	"fmt"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
)

// A draft is what a message is made of.
type draft struct {
	hook    string
	events  []alerts.Event // at least one, by number
	groupBy []string       // none: the events are one alert's
	repeat  int            // the how manieth repeat; 0 for none
	test    bool

	heartbeat bool // it says that all is well, and no more
}

// key is the idempotency key of a delivery that goes by the number of an event.
func (o origin) key(hook string, seq uint64, repeat int) string {
	key := fmt.Sprintf("%s-%s-%d", o.epoch, hook, seq)
	if repeat > 0 {
		key += fmt.Sprintf("-r%d", repeat)
	}
	return key
}

// compose makes the message in which a hook delivers events.
func (o origin) compose(d draft) (*message, error) {
	m := &message{events: d.events, traced: d.test}
	last := m.newest()
	m.key = o.key(d.hook, last.Seq, d.repeat)
	if last.Seq == 0 {
		m.key = fmt.Sprintf("%s-%s-%s-%d-%s", o.epoch, d.hook, last.Alert.Fingerprint, last.T, last.Kind)
	}
	m.group = last.Alert.Labels
	if len(d.groupBy) > 0 {
		m.group = labels.NewBuilder(m.group).Keep(d.groupBy...).Labels()
	}
	p := &m.payload
	*p = payload{
		Version:           "4",
		GroupKey:          "{}:" + m.group.String(),
		Status:            overall(d.events),
		Receiver:          d.hook,
		GroupLabels:       m.group.Map(),
		CommonLabels:      common(d.events, func(e *alerts.Event) map[string]string { return e.Alert.Labels.Map() }),
		CommonAnnotations: common(d.events, func(e *alerts.Event) map[string]string { return e.Alert.Annotations }),
		ExternalURL:       o.externalURL,
		Monitord:          ours{Instance: o.instance, Epoch: o.epoch, IdempotencyKey: m.key, Repeat: d.repeat, Test: d.test, Heartbeat: d.heartbeat},
	}
	for i := range d.events {
		p.add(&d.events[i])
	}
	var err error
	if m.body, err = json.Marshal(p); err != nil {
		return nil, fmt.Errorf("encode the delivery: %w", err)
	}
	return m, nil
}

func (p *payload) add(e *alerts.Event) {
	annotations := e.Alert.Annotations
	if annotations == nil {
		annotations = map[string]string{}
	}
	p.Alerts = append(p.Alerts, payloadAlert{
		Status:       status(e),
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
		if !seen[e.Key()] && status(e) == "firing" {
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
