package hooks

import (
	"time"

	"monitord/alerts"
)

// soon sees to it that remind is called when an alert is to be said again.
func (h *hook) soon(t *account) {
	if h.Repeat == 0 || !t.repeatable() {
		return
	}
	if due := t.at.Add(h.Repeat); h.reminder.IsZero() || due.Before(h.reminder) {
		h.reminder = due
	}
}

func (t *account) repeatable() bool { return !t.at.IsZero() && !t.muted && t.again == nil && t.seq > 0 }

// remind makes deliveries of the alerts that fire and were said long ago: one
// for each or, with groups, one for all of a group that fire.
func (h *hook) remind(now time.Time, log Log) {
	if h.reminder.IsZero() || h.reminder.After(now) || h.read < h.target {
		return
	}
	h.reminder = now.Add(retryMin)
	if !h.room() {
		return
	}
	current, seq := log.Current()
	firing := make(map[string]*alerts.Event, len(current))
	for i := range current {
		if e := &current[i]; e.Alert.State == alerts.PhaseFiring {
			firing[e.Key()] = e
		}
	}
	due := make(map[string]*delivery) // by group, or by alert
	for key, t := range h.told {
		switch e := firing[key]; {
		case e == nil && seq <= h.read:
			h.forget(key) // its end was never journaled
		case e == nil || !t.repeatable() || t.at.Add(h.Repeat).After(now):
		default:
			group := h.groupOf(e)
			due[either(group, key)] = &delivery{group: group, sealed: true}
		}
	}
	for key, t := range h.told {
		if firing[key] == nil || !t.repeatable() {
			continue
		}
		d := due[either(h.groupOf(firing[key]), key)]
		if d != nil && len(d.seqs) < maxGroup {
			d.add(t.seq, key)
			d.repeat = max(d.repeat, t.repeats+1)
			t.again = d
		}
	}
	for _, d := range due {
		h.open[d.ticket()] = d
		h.enqueue(d, now)
		h.dirty = true
	}
	h.reminder = time.Time{}
	for _, t := range h.told {
		h.soon(t)
	}
	if !h.reminder.IsZero() {
		h.reminder = later(h.reminder, now.Add(retryMin))
	}
}

func either(group, key string) string {
	if group != "" {
		return group
	}
	return key
}
