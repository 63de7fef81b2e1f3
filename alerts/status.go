package alerts

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// A RuleStatus is how a rule is doing. It is a copy.
type RuleStatus struct {
	Rule        *Rule
	State       Phase // the furthest of its alerts; of an alert rule only
	Alerts      []Alert
	LastError   error         // of the last evaluation; nil if it went well or there was none
	At          time.Time     // tick of the last evaluation; zero before the first
	Took        time.Duration // the last evaluation
	Total       time.Duration // all evaluations since the start
	Evaluations uint64        // since the start
	Failures    uint64        // of these
}

// Rules returns the rules in force, in the order of evaluation.
func (e *Engine) Rules() []RuleStatus {
	e.mu.RLock()
	defer e.mu.RUnlock()
	known := e.knownLocked()
	all := make([]RuleStatus, len(known))
	for i, tr := range known {
		all[i] = tr.status(e.link)
	}
	return all
}

func (tr *tracker) status(link string) RuleStatus {
	h := tr.health
	s := RuleStatus{
		Rule: tr.rule, LastError: cmp.Or(h.err, tr.clash), At: fromMillis(h.at), Took: h.took,
		Total: h.total, Evaluations: h.evaluations, Failures: h.failures,
	}
	if tr.rule.Recording {
		return s
	}
	s.State = PhaseInactive
	for _, key := range slices.Sorted(maps.Keys(tr.alerts)) {
		in := tr.alerts[key]
		s.Alerts = append(s.Alerts, in.alert(link, 0))
		if s.State == PhaseInactive || in.state.Phase == PhaseFiring {
			s.State = in.state.Phase
		}
	}
	return s
}

// Alerts returns every alert that is pending or firing, by rule. Their values are
// those of the last evaluation, their annotations those of their last event.
func (e *Engine) Alerts() []Alert {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var all []Alert
	for _, tr := range e.knownLocked() {
		all = append(all, tr.status(e.link).Alerts...)
	}
	return all
}

// knownLocked are the rules in force. Between a start and its first tick they are
// those that the tick will put in force, with the alerts from before the start: who
// asks then must not hear that nothing fires.
func (e *Engine) knownLocked() []*tracker {
	if e.restored == nil { // the first tick was there
		return e.trackers
	}
	known := make([]*tracker, len(e.next))
	for i, r := range e.next {
		known[i] = &tracker{rule: r, alerts: e.restored[r.ID]}
	}
	return known
}

// Stats sums up what the rules have done since the start.
type Stats struct {
	Rules           int
	Pending, Firing int // alerts
	Evaluations     uint64
	Failures        uint64
	Total           time.Duration // spent in evaluations
	Unproven        uint64        // alerts that fired without evidence, since the start
}

// Stats returns the counts of the rules in force.
func (e *Engine) Stats() Stats {
	e.mu.RLock()
	defer e.mu.RUnlock()
	known := e.knownLocked()
	s := Stats{Rules: len(known), Unproven: e.unproven.Load()}
	for _, tr := range known {
		s.Evaluations += tr.health.evaluations
		s.Failures += tr.health.failures
		s.Total += tr.health.total
		for _, in := range tr.alerts {
			if in.state.Phase == PhaseFiring {
				s.Firing++
			} else {
				s.Pending++
			}
		}
	}
	return s
}
