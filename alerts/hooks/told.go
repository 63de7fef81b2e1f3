package hooks

import (
	"slices"
	"time"

	"monitord/alerts"
)

// account is what a hook knows of an alert that fires and that it delivers: a
// resolved is for those who were told of the firing.
type account struct {
	seq     uint64    // of the event that said so; 0 while that has no number
	at      time.Time // of the last delivery; zero while it is owed
	repeats int       // said again so often
	muted   bool      // silenced since: not said again
	again   *delivery // the repeat that is open, if one is
}

// maxTold bounds the alerts that a hook knows to fire. Of those beyond, a
// resolved is delivered though nobody knows whether the firing was, and they are
// not repeated. All hooks together have maxToldAll, but each at least minTold.
const (
	maxTold    = 4096
	maxToldAll = 1 << 17
	minTold    = 64
)

// asked says whether a hook is meant by an event: its rule names it or, naming
// none, the matchers fit. One that sends heartbeats delivers nothing else: its
// receiver is to hear one thing only.
func (c *compiled) asked(e *alerts.Event) bool {
	if c.Heartbeat > 0 {
		return false
	}
	if e.Hooks != nil {
		return slices.Contains(e.Hooks, c.Name)
	}
	return c.matchers.Matches(e.Alert.Labels)
}

// wants says whether a firing or resolved is for this hook, silences aside.
func (c *compiled) wants(e *alerts.Event) bool {
	return (e.Kind == alerts.KindFiring || e.Kind == alerts.KindResolved && c.SendResolved) && c.asked(e)
}

// fires says whether an event begins to tell that its alert fires.
func fires(e *alerts.Event) bool {
	switch e.Kind {
	case alerts.KindFiring, alerts.KindUnsilenced:
		return e.Alert.State == alerts.PhaseFiring && len(e.Alert.SilencedBy) == 0
	}
	return false
}

// hears says whether an event is to be delivered, and keeps account of what has
// been told by it.
func (h *hook) hears(e *alerts.Event) bool {
	key := e.Key()
	t := h.told[key]
	switch {
	case fires(e):
		if t != nil && e.Kind == alerts.KindUnsilenced {
			t.muted = false
			h.soon(t)
			return false
		}
		if !h.asked(e) {
			return false
		}
		h.forget(key)
		h.tell(key, &account{seq: e.Seq})
		return true
	case e.Kind == alerts.KindSilenced, e.Kind == alerts.KindFiring:
		if t != nil {
			t.muted = true
			h.recall(t)
		}
	case e.Kind == alerts.KindResolved:
		if t != nil && e.Seq == 0 {
			t.muted = true // forgotten when it has its number: a restart must know till then
			h.recall(t)
		} else {
			h.forget(key)
		}
		return h.SendResolved && (t != nil || h.unsure(e) && h.asked(e))
	case e.Kind == alerts.KindInactive:
		h.forget(key)
	}
	return false
}

// unsure says whether an alert that is not in told may have been told all the same.
func (h *hook) unsure(e *alerts.Event) bool { return h.overflow || h.blank && e.Seq <= h.target }

func (h *hook) tell(key string, t *account) {
	if len(h.told) >= h.knows {
		h.overflow = true
		return
	}
	h.told[key] = t
}

// forget takes an alert out of the account: it has ended.
func (h *hook) forget(key string) {
	t := h.told[key]
	if t == nil {
		return
	}
	if delete(h.told, key); len(h.told) == 0 {
		h.overflow = false // of those beyond, most have ended as well
	}
	h.recall(t)
}

// recall takes back a repeat that nothing asks for any more. One that is under
// way is left to end.
func (h *hook) recall(t *account) {
	d := t.again
	t.again = nil
	if d == nil || d.running || d.done {
		return
	}
	for _, key := range d.keys {
		if other := h.told[key]; other != nil && other.again == d {
			return // it is a group's, and others in it fire on
		}
	}
	h.finished(d)
	delete(h.open, d.ticket())
	h.unseal(d)
	h.settleLane(d.lane)
	h.dirty = true
}

// said brings the account up to date when a delivery was made, or given up: that
// an alert fires is then not said again before the time for a repeat.
func (h *hook) said(d *delivery, at time.Time) {
	for i, key := range d.keys {
		if t := h.told[key]; t != nil && t.seq == d.seqs[i] {
			h.mark(t, d.repeat, at)
		}
	}
}

func (h *hook) mark(t *account, repeat int, at time.Time) {
	t.at, t.repeats = at, max(t.repeats, repeat)
	if t.again != nil && t.again.repeat <= repeat { // else it is of before: the next was open by then
		t.again = nil
	}
	h.soon(t)
}
