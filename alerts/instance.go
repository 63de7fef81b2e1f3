package alerts

import (
	"math"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// The names of the series that Prometheus writes for active alerts.
const (
	alertsMetric     = "ALERTS"
	alertsForMetric  = "ALERTS_FOR_STATE"
	alertsStateLabel = "alertstate"
)

// beforeStart is a time before every tick. Tests of rules begin at 0.
const beforeStart = math.MinInt64

// An instance is one active alert of a rule. The engine's lock guards it.
type instance struct {
	state       State
	labels      labels.Labels // after templating
	fingerprint string
	annotations map[string]string // as of its last event
	hooks       []string          // that its last event was for
	silencedBy  []string          // ids of the silences in force that it is under, sorted
	source      metricSample      // the element that the expression returned last; at beforeStart: none since the start
	rule        *Rule             // that the annotations are of
	evidence    *Evidence         // of its firing
	stale       bool              // what its expression looks at is not read
	element     labels.Labels     // before the start: what the expression returned it as, if the alert's labels do not tell

	saved   memory // what the journal has, or will have
	savedAt int64  // the tick of the last note of it

	alerts   *metric.Series // ALERTS in its present phase
	forState *metric.Series
	phase    Phase // of alerts
}

func newInstance(ls labels.Labels) *instance {
	return &instance{labels: ls, fingerprint: Fingerprint(ls)}
}

// restoreInstance is the instance as its last event left it.
func restoreInstance(t Tracked) *instance {
	a := t.Event.Alert
	return &instance{
		labels: a.Labels, fingerprint: a.Fingerprint, annotations: a.Annotations, hooks: t.Event.Hooks,
		silencedBy: a.SilencedBy, evidence: a.Evidence,
		source: metricSample{t: beforeStart},
		state: State{
			Phase: a.State, ActiveAt: toMillis(a.ActiveAt), FiringAt: toMillis(a.StartsAt),
			Checked: t.Event.T, Value: a.Value, memory: t.memory,
		},
		element: t.Event.element, saved: t.memory,
	}
}

// away tells the alert of a time in which the daemon did not run; the journal
// gets to know it by the hole.
func (in *instance) away(d time.Duration, until int64) {
	in.state = in.state.Away(d, until)
	in.saved = in.saved.away(d)
}

// told puts into an event of the alert what a restart needs of it.
func (in *instance) told(e *Event) {
	e.changes = in.state.Changes
	if e.Alert.State != PhaseInactive {
		e.element = in.odd()
	}
	in.saved = in.saved.told(e)
}

// elementKey is labelsKey of what the expression returned the alert as, metric
// name aside.
func (in *instance) elementKey(r *Rule) string {
	b := labels.NewBuilder(in.labels)
	switch {
	case in.source.t != beforeStart:
		b.Reset(in.source.labels)
		b.Del(model.MetricNameLabel)
	case !in.element.IsEmpty():
		b.Reset(in.element)
	default:
		unruled(b, r)
	}
	return labelsKey(b.Labels())
}

// odd returns the labels that the expression returned the alert with if they are
// not those of the alert without its rule's.
func (in *instance) odd() labels.Labels {
	if in.source.t == beforeStart {
		return in.element
	}
	own := labels.NewBuilder(in.source.labels).Del(model.MetricNameLabel).Labels()
	b := labels.NewBuilder(in.labels)
	unruled(b, in.rule)
	if labels.Equal(b.Labels(), own) {
		return labels.EmptyLabels()
	}
	return own
}

// unruled takes from an alert's labels those that its rule sets.
func unruled(b *labels.Builder, r *Rule) {
	b.Del(labels.AlertName)
	for name := range r.Labels {
		b.Del(name)
	}
}

// labelsKey is a map key for labels.
func labelsKey(ls labels.Labels) string { return string(ls.Bytes(nil)) }

// alert returns the public form. The time is that of the end, if it has ended.
func (in *instance) alert(link string, t int64) Alert {
	a := Alert{
		Fingerprint: in.fingerprint, State: in.state.Phase,
		Labels: in.labels, Annotations: in.annotations, Value: in.state.Value,
		ActiveAt: fromMillis(in.state.ActiveAt), StartsAt: fromMillis(in.state.FiringAt),
		SilencedBy: in.silencedBy,
		Flapping:   in.state.Active() && in.state.Flapping,

		KeepFiringSince: fromMillis(in.state.GoneAt),
	}
	if in.state.Active() {
		a.Evidence, a.Stale = in.evidence, in.stale
	} else {
		a.EndsAt = time.UnixMilli(t).UTC()
	}
	if link != "" {
		a.GeneratorURL = link + in.fingerprint
	}
	return a
}

// points returns what Prometheus writes for an active alert: ALERTS and
// ALERTS_FOR_STATE.
func (in *instance) points(reg *metric.Registry) [2]metric.Point {
	if in.phase != in.state.Phase {
		in.phase = in.state.Phase
		in.alerts = in.series(reg, alertsMetric, labels.Label{Name: alertsStateLabel, Value: string(in.phase)})
	}
	if in.forState == nil {
		in.forState = in.series(reg, alertsForMetric)
	}
	return [2]metric.Point{
		{Series: in.alerts, V: 1},
		{Series: in.forState, V: float64(in.state.ActiveAt / 1000)},
	}
}

func (in *instance) series(reg *metric.Registry, name string, more ...labels.Label) *metric.Series {
	b := labels.NewBuilder(in.labels)
	b.Set(model.MetricNameLabel, name)
	for _, l := range more {
		b.Set(l.Name, l.Value)
	}
	return reg.Intern(b.Labels())
}
