package alerts

import (
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// A Phase is where an alert stands, in Prometheus' words.
type Phase string

// The zero Phase is no phase: use PhaseInactive.
const (
	PhaseInactive Phase = "inactive"
	PhasePending  Phase = "pending"
	PhaseFiring   Phase = "firing"
)

// An Alert is one element of a rule's result, followed through time. Values of
// this type are immutable: maps and labels in them must not be changed.
type Alert struct {
	Fingerprint  string // Prometheus' fingerprint of Labels, 16 hex digits
	State        Phase
	Labels       labels.Labels     // after templating, alertname among them
	Annotations  map[string]string // after templating
	Value        float64           // the last one that the expression returned
	ActiveAt     time.Time         // when the expression began to return it
	StartsAt     time.Time         // when it began to fire; zero before
	EndsAt       time.Time         // when it ended; zero while it is active
	GeneratorURL string            // where to look at it; empty without an external URL
	SilencedBy   []string          // ids of the silences in force that match it, sorted; nil: none

	// KeepFiringSince is since when only keep_firing_for or its flapping keeps it
	// firing; zero in events, and while its condition holds.
	KeepFiringSince time.Time
	// Flapping says that it comes and goes so often that it is held firing until
	// it is calm.
	Flapping bool
	// Stale says that a collector which the expression selects from fails: the
	// alert stays as it is until that reads again.
	Stale bool
	// Evidence is how it came to fire; nil before, after it has ended, and where
	// there was none to be had.
	Evidence *Evidence
}

// Fingerprint returns the fingerprint that Prometheus and Alertmanager know
// these labels by: FNV-1a over names and values in order, as 16 hex digits.
func Fingerprint(ls labels.Labels) string {
	set := make(model.LabelSet, ls.Len())
	ls.Range(func(l labels.Label) {
		set[model.LabelName(l.Name)] = model.LabelValue(l.Value)
	})
	return set.Fingerprint().String()
}
