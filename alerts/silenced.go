package alerts

import (
	"maps"
	"slices"
)

// silence tells the alerts that there are of silences that began or ended, and
// returns what that did to them. It runs before the rules are evaluated: what
// they say at this tick is said of alerts that are silenced or not already.
func (e *Engine) silence(t int64) []Event {
	if !e.silences.Tick(t) {
		return nil
	}
	var events []Event
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, tr := range e.trackers {
		for _, key := range slices.Sorted(maps.Keys(tr.alerts)) {
			in := tr.alerts[key]
			before := in.silencedBy
			after := e.silences.Still(in.labels, before)
			if slices.Equal(before, after) {
				continue
			}
			kind := KindSilenced
			if len(after) == 0 {
				kind = KindUnsilenced
			}
			in.silencedBy = after
			events = append(events, Event{T: t, Kind: kind, Rule: tr.rule.ID, Alert: in.alert(e.link, t), Hooks: in.hooks})
		}
	}
	return events
}

// silenceNew looks up the silences of alerts that are new.
func (e *Engine) silenceNew(changes []change) {
	for _, c := range changes {
		if c.in.rule == nil && c.in.silencedBy == nil {
			c.in.silencedBy = e.silences.Over(c.in.labels)
		}
	}
}
