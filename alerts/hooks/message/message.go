package message

import (
	"encoding/json"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
)

// A Message is what is delivered: one event or, by a hook with group_by, those
// of a group. It is immutable.
type Message struct {
	Key     string         // idempotency key, the same for each attempt
	Events  []alerts.Event // at least one, by number; an alert may occur more than once
	Group   labels.Labels  // what the group has in common by group_by; the alert's labels without
	Payload Payload        // for senders that say it in other words than body
	Body    []byte         // payload as JSON
	Traced  bool           // the outcome is to tell request and answer
}

// Newest is the event with the highest number, which names the message.
func (m *Message) Newest() *alerts.Event { return &m.Events[len(m.Events)-1] }

// Origin is what every message of a runner says about where it comes from.
type Origin struct {
	Epoch, Instance, ExternalURL string
}

// Payload is Alertmanager's webhook JSON, version 4
// (prometheus/alertmanager notify/webhook Message and template Data), with what
// is ours under one key.
type Payload struct {
	Version           string            `json:"version"`
	GroupKey          string            `json:"groupKey"`
	TruncatedAlerts   int               `json:"truncatedAlerts"`
	Status            string            `json:"status"`
	Receiver          string            `json:"receiver"`
	GroupLabels       map[string]string `json:"groupLabels"`
	CommonLabels      map[string]string `json:"commonLabels"`
	CommonAnnotations map[string]string `json:"commonAnnotations"`
	ExternalURL       string            `json:"externalURL"`
	Alerts            []payloadAlert    `json:"alerts"`
	Monitord          ours              `json:"monitord"`
}

type payloadAlert struct {
	Status       string            `json:"status"`
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
	Fingerprint  string            `json:"fingerprint"`
}

type ours struct {
	Instance       string      `json:"instance"`
	Epoch          string      `json:"epoch"`
	IdempotencyKey string      `json:"idempotencyKey"`
	Repeat         int         `json:"repeat,omitempty"`    // the how manieth time that it is said again
	Test           bool        `json:"test,omitempty"`      // sent by `monitord hook test`
	Heartbeat      bool        `json:"heartbeat,omitempty"` // nothing happened, all is well
	Alerts         []oursAlert `json:"alerts"`              // in the order of the alerts above
}

type oursAlert struct {
	Seq      uint64    `json:"seq,omitempty"` // absent while the event has none
	T        int64     `json:"t"`
	Event    string    `json:"event"`
	Durable  bool      `json:"durable"`
	Value    jsonFloat `json:"value"`
	ActiveAt time.Time `json:"activeAt"`
	Flapping bool      `json:"flapping,omitempty"`
	Stale    bool      `json:"stale,omitempty"`
	Evidence *evidence `json:"evidence,omitempty"`
}

// evidence is how an alert came to fire.
type evidence struct {
	Values [][2]any `json:"values"` // [Unix milliseconds, value]
}

func newEvidence(e *alerts.Evidence) *evidence {
	if e == nil {
		return nil
	}
	out := &evidence{Values: make([][2]any, len(e.Values))}
	for i, v := range e.Values {
		out.Values[i] = [2]any{v.T, jsonFloat(v.V)}
	}
	return out
}

// jsonFloat is a number, or a string for what JSON has no number for.
type jsonFloat float64

func (f jsonFloat) MarshalJSON() ([]byte, error) {
	if v := float64(f); math.IsNaN(v) || math.IsInf(v, 0) {
		return json.Marshal(FormatValue(v))
	}
	return json.Marshal(float64(f))
}

// FormatValue writes infinities as +Inf and -Inf, as Prometheus does.
func FormatValue(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// Status is what a receiver is told about one event.
func Status(e *alerts.Event) string {
	if e.Kind == alerts.KindResolved {
		return "resolved"
	}
	return "firing"
}
