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
			Checked: t.Event.T, Lost: t.Lost, Value: a.Value,
		},
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
