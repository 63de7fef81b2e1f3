package alerts

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// eventVersion is the version of an event's JSON in the journal. A reader
// refuses a version that it does not know; fields may be added within one.
const eventVersion = 1

// maxEventBytes bounds an encoded event. What rules may put into an alert
// (see the limits in rule.go) stays well below it.
const maxEventBytes = 768 << 10

// storedEvent is an event as the journal keeps it. It is apart from the public
// message so that either can change without the other.
type storedEvent struct {
	Version     int               `json:"v"`
	T           int64             `json:"t"`
	Kind        Kind              `json:"event"`
	Rule        string            `json:"rule"`
	State       Phase             `json:"state"`
	Labels      labels.Labels     `json:"labels"`
	Annotations map[string]string `json:"annotations,omitempty"`
	Value       storedFloat       `json:"value"`
	ActiveAt    int64             `json:"activeAt,omitempty"` // Unix milliseconds, 0 for none
	StartsAt    int64             `json:"startsAt,omitempty"`
	EndsAt      int64             `json:"endsAt,omitempty"`
	URL         string            `json:"url,omitempty"`
	SilencedBy  []string          `json:"silencedBy,omitempty"`
	Flapping    bool              `json:"flapping,omitempty"`
	Stale       bool              `json:"stale,omitempty"`
	Evidence    *storedEvidence   `json:"evidence,omitempty"`
	Hooks       []string          `json:"hooks"` // null and [] differ
	Delivery    *storedDelivery   `json:"delivery,omitempty"`
	Changes     []int64           `json:"changes,omitempty"`
	Element     *labels.Labels    `json:"element,omitempty"`
}

type storedDelivery struct {
	Hook     string   `json:"hook"`
	Of       uint64   `json:"of"`
	With     []uint64 `json:"with,omitempty"`
	Repeat   int      `json:"repeat,omitempty"`
	Attempts int      `json:"attempts"`
	Error    string   `json:"error,omitempty"`
	GivenUp  bool     `json:"givenUp,omitempty"`
}

func (d *Delivery) stored() *storedDelivery {
	if d == nil {
		return nil
	}
	s := storedDelivery(*d)
	s.Error = clip(d.Error)
	return &s
}

func (s *storedDelivery) delivery() *Delivery {
	if s == nil {
		return nil
	}
	d := Delivery(*s)
	return &d
}

// encodeEvent returns the journal's form of an event: everything but its number
// and its durability, which the journal knows. An event that is too large loses
// its evidence, then its annotations, then what is long of its labels, and not its
// number: nothing may keep an alert, and all behind it, from the journal.
func encodeEvent(e *Event) ([]byte, error) {
	s := storedEvent{
		Version: eventVersion, T: e.T, Kind: e.Kind, Rule: e.Rule,
		State: e.Alert.State, Labels: e.Alert.Labels, Annotations: e.Alert.Annotations,
		Value:    storedFloat(e.Alert.Value),
		ActiveAt: toMillis(e.Alert.ActiveAt), StartsAt: toMillis(e.Alert.StartsAt), EndsAt: toMillis(e.Alert.EndsAt),
		URL: e.Alert.GeneratorURL, SilencedBy: e.Alert.SilencedBy, Flapping: e.Alert.Flapping, Stale: e.Alert.Stale, Evidence: e.Alert.Evidence.stored(), Hooks: e.Hooks,
		Delivery: e.Delivery.stored(), Changes: e.changes,
	}
	if !e.element.IsEmpty() {
		s.Element = &e.element
	}
	b, err := json.Marshal(s)
	if err == nil && len(b) > maxEventBytes {
		s.Evidence = nil
		b, err = json.Marshal(s)
	}
	if err == nil && len(b) > maxEventBytes {
		s.Annotations = map[string]string{"monitord": "the annotations are too large and were left out"}
		b, err = json.Marshal(s)
	}
	if err == nil && len(b) > maxEventBytes { // an expression can join labels to any length
		s.Labels, s.Element = clipLabels(s.Labels), nil
		b, err = json.Marshal(s)
	}
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	if len(b) > maxEventBytes {
		return nil, fmt.Errorf("encode event: %d bytes, more than the %d that the journal takes", len(b), maxEventBytes)
	}
	return b, nil
}

// clipLabels cuts values down to what a templated one may have.
func clipLabels(ls labels.Labels) labels.Labels {
	b := labels.NewBuilder(ls)
	ls.Range(func(l labels.Label) { b.Set(l.Name, clip(l.Value)) })
	return b.Labels()
}

// decodeEvent is the reverse of encodeEvent. What it returns is safe to show
// and to encode again: kinds are known, times are within bounds.
func decodeEvent(b []byte) (Event, error) {
	if len(b) > maxEventBytes {
		return Event{}, fmt.Errorf("decode event: %d bytes, more than %d", len(b), maxEventBytes)
	}
	var s storedEvent
	if err := json.Unmarshal(b, &s); err != nil {
		return Event{}, fmt.Errorf("decode event: %w", err)
	}
	if s.Version != eventVersion {
		return Event{}, fmt.Errorf("decode event: version %d, this program reads version %d", s.Version, eventVersion)
	}
	if err := s.check(); err != nil {
		return Event{}, fmt.Errorf("decode event: %w", err)
	}
	e := Event{
		T: s.T, Kind: s.Kind, Rule: s.Rule, Hooks: s.Hooks, Durable: true,
		Alert: Alert{
			Fingerprint: Fingerprint(s.Labels), State: s.State, Labels: s.Labels, Annotations: s.Annotations,
			Value:    float64(s.Value),
			ActiveAt: fromMillis(s.ActiveAt), StartsAt: fromMillis(s.StartsAt), EndsAt: fromMillis(s.EndsAt),
			GeneratorURL: s.URL, SilencedBy: s.SilencedBy, Flapping: s.Flapping, Stale: s.Stale, Evidence: s.Evidence.evidence(),
		},
		Delivery: s.Delivery.delivery(),
		changes:  s.Changes,
	}
	if s.Element != nil {
		e.element = *s.Element
	}
	return e, nil
}

func (s *storedEvent) check() error {
	if !s.Kind.known() {
		return fmt.Errorf("unknown kind %q", s.Kind)
	}
	switch s.State {
	case PhaseInactive, PhasePending, PhaseFiring:
	default:
		return fmt.Errorf("unknown state %q", s.State)
	}
	if s.Labels.Get(labels.AlertName) == "" {
		return errors.New("no alertname")
	}
	if err := checkChanges(s.Changes); err != nil {
		return err
	}
	for _, ms := range []int64{s.T, s.ActiveAt, s.StartsAt, s.EndsAt} {
		if ms < 0 || ms > maxMillis {
			return fmt.Errorf("time %d is out of range", ms)
		}
	}
	if err := s.Evidence.check(); err != nil {
		return err
	}
	if s.Kind.Delivery() != (s.Delivery != nil) {
		return fmt.Errorf("kind %q and delivery do not go together", s.Kind)
	}
	return nil
}

// maxMillis is the end of the year 2199. The difference of two times up to there
// is a time.Duration.
const maxMillis = 7258118399999

func toMillis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func fromMillis(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// storedFloat is a number as JSON has it, with strings for what JSON lacks.
type storedFloat float64

func (f storedFloat) MarshalJSON() ([]byte, error) { return f.append(nil), nil }

func (f storedFloat) append(b []byte) []byte {
	v := float64(f)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.AppendQuote(b, strconv.FormatFloat(v, 'g', -1, 64))
	}
	return strconv.AppendFloat(b, v, 'g', -1, 64)
}

func (f *storedFloat) UnmarshalJSON(b []byte) error {
	s := string(b)
	switch s {
	case `"NaN"`, `"+Inf"`, `"-Inf"`:
		s = s[1 : len(s)-1]
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return fmt.Errorf("value %.32q is not a number", s)
	}
	*f = storedFloat(v)
	return nil
}
