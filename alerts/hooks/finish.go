package hooks

import (
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
)

// finish takes in the result of an attempt and returns what is to be journaled.
func (h *hook) finish(res result, now time.Time) *alerts.Event {
	d, l := res.d, res.d.lane
	h.running--
	l.running, d.running = false, false
	if res.stored {
		h.sealedNow(d)
	}
	wait, event := h.apply(res, now)
	next := l.head()
	if next == nil {
		h.drop(l)
		return event
	}
	l.due = later(now.Add(wait), next.ready)
	h.due.add(l)
	return event
}

// apply returns how long the lane waits, and what is to be journaled.
func (h *hook) apply(res result, now time.Time) (time.Duration, *alerts.Event) {
	d := res.d
	switch {
	case d.done: // taken back meanwhile
		return 0, nil
	case res.aborted:
		d.unsure = true
		return 0, nil
	case res.refused: // it is a dead letter still
		h.layBack(d)
		return 0, nil
	case res.unread:
		return retryMin, nil
	case res.gone:
		for _, t := range d.tickets() {
			delete(h.open, t)
		}
		h.finished(d)
		h.unseal(d)
		h.stats.GivenUp++
		return 0, nil
	}
	d.attempts++
	h.stats.LastDuration = res.took
	if res.Err == nil {
		h.stats.Delivered++
		h.stats.LastSuccess = now
		h.finished(d)
		h.said(d, now)
		return 0, h.verdict(res, now, alerts.Delivery{})
	}
	h.stats.Failed++
	d.unsure = d.unsure || res.Unanswered
	d.err = res.Err.Error()
	h.stats.LastError, h.stats.LastFailure = d.err, now
	first := d.since.IsZero()
	d.failing(now)
	left := h.GiveUp - now.Sub(d.since)
	if res.Permanent || left <= 0 {
		if !aboutHooks(res.events) {
			h.stats.GivenUp++
		}
		h.finished(d)
		h.said(d, now)
		return 0, h.verdict(res, now, alerts.Delivery{Error: d.err, GivenUp: true})
	}
	wait := min(max(backoff(d.attempts), res.RetryAfter), max(left, retryMin))
	if first {
		return wait, h.verdict(res, now, alerts.Delivery{Error: d.err})
	}
	return wait, nil
}

// GivesUp is the name of the default rule's alert that a hook has given up
// deliveries.
const GivesUp = "MonitordHookGivesUp"

// aboutHooks says whether a delivery said nothing but that hooks give up. When it
// is given up itself, that is not counted: the alert would begin to fire anew
// each time that its end cannot be told, for ever.
func aboutHooks(events []alerts.Event) bool {
	return !slices.ContainsFunc(events, func(e alerts.Event) bool { return e.Alert.Labels.Get(labels.AlertName) != GivesUp })
}

// verdict makes the event that says what became of a delivery. That of an event
// without a number is kept until it has one.
func (h *hook) verdict(res result, now time.Time, v alerts.Delivery) *alerts.Event {
	d, newest := res.d, res.events[len(res.events)-1]
	v.Hook, v.Of, v.Repeat, v.Attempts = h.Name, d.of(), d.repeat, d.attempts
	if len(d.seqs) > 1 {
		v.With = d.with()
	}
	e := alerts.Event{
		T:        now.UnixMilli(),
		Kind:     alerts.KindNotified,
		Rule:     newest.Rule,
		Alert:    newest.Alert,
		Hooks:    newest.Hooks,
		Delivery: &v,
	}
	if v.Error != "" {
		e.Kind = alerts.KindNotifyFailed
	}
	h.dirty = true
	if v.Of == 0 {
		d.verdict = &e
		return nil
	}
	return &e
}
