package hooks

import (
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
)

// Bounds of what is delivered at once.
const (
	maxGroup      = 256
	maxGroupBytes = 1 << 20
)

// groupOf is the group of an event, empty for hooks without groups.
func (c *compiled) groupOf(e *alerts.Event) string {
	if len(c.GroupBy) == 0 {
		return ""
	}
	return labels.NewBuilder(e.Alert.Labels).Keep(c.GroupBy...).Labels().String()
}

// sizeOf is how much an event adds to a message, about.
func sizeOf(e *alerts.Event) int {
	n := 512
	e.Alert.Labels.Range(func(l labels.Label) { n += len(l.Name) + len(l.Value) + 8 })
	for name, value := range e.Alert.Annotations {
		n += len(name) + len(value) + 8
	}
	if e.Alert.Evidence != nil {
		n += 32 * len(e.Alert.Evidence.Values)
	}
	return n
}

// gathering is the delivery that the next event of this alert and group joins.
func (h *hook) gathering(key, group string) *delivery {
	if group == "" {
		return nil
	}
	l := h.groups[group]
	if p := h.busy[placeOf(key)]; p != nil {
		l = p.lane
	}
	if l == nil {
		return nil
	}
	d := l.last()
	if d == nil || d.sealed || d.done || d.group != group || len(d.seqs) >= maxGroup {
		return nil
	}
	return d
}

// enqueue puts a delivery at the end of the lane of its alerts, or of its group.
func (h *hook) enqueue(d *delivery, now time.Time) {
	var l *lane
	for _, key := range d.keys {
		if p := h.busy[placeOf(key)]; p != nil {
			l = p.lane
			break
		}
	}
	if l == nil && d.group != "" {
		l = h.groups[d.group]
	}
	if l == nil {
		l = &lane{group: d.group, order: d.of(), at: -1}
		if d.group != "" {
			h.groups[d.group] = l
		}
	}
	h.line(d, l, now)
}

// line puts a delivery at the end of a lane.
func (h *hook) line(d *delivery, l *lane, now time.Time) {
	alone := l.head() == nil
	d.lane = l
	l.queue = append(l.queue, d)
	for _, key := range d.keys {
		h.occupy(key, l)
	}
	h.waiting++
	h.held += len(d.seqs)
	if !alone || l.running {
		return
	}
	l.due = later(now, d.ready)
	if l.at < 0 {
		h.due.add(l)
	} else {
		h.due.at(l, l.due)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// placeOf is what the deliveries of an alert are kept in order by: its
// fingerprint, all that a receiver knows it by. A rule whose expression was
// changed ends its alert and makes the same one anew.
func placeOf(key string) string { return key[strings.LastIndexByte(key, '/')+1:] }

func (h *hook) occupy(key string, l *lane) {
	p := h.busy[placeOf(key)]
	if p == nil {
		p = &place{lane: l}
		h.busy[placeOf(key)] = p
	}
	p.n++
}

func (h *hook) vacate(key string) {
	if p := h.busy[placeOf(key)]; p != nil {
		if p.n--; p.n == 0 {
			delete(h.busy, placeOf(key))
		}
	}
}

// settleLane brings a lane in line after deliveries were taken out of it.
func (h *hook) settleLane(l *lane) {
	if l.running {
		return
	}
	if d := l.head(); d == nil {
		h.drop(l)
	} else {
		h.due.at(l, d.ready)
	}
}

// drop takes an empty lane away.
func (h *hook) drop(l *lane) {
	h.due.remove(l)
	if l.group != "" && h.groups[l.group] == l {
		delete(h.groups, l.group)
	}
}

// next returns a delivery to attempt now, nil if there is none or no room.
func (h *hook) next(now time.Time) *delivery {
	for h.read >= h.target && h.running < h.Concurrency && len(h.due) > 0 {
		l := h.due[0]
		d := l.head()
		switch {
		case d == nil:
			h.drop(l)
			continue
		case l.due.After(now):
			return nil
		case d.ready.After(now): // what stood before it is not needed any more
			h.due.at(l, d.ready)
			continue
		case h.rate.free().After(now):
			h.rate.held = now
			return nil
		}
		if !h.rate.held.IsZero() && !l.due.After(h.rate.held) {
			h.stats.Delayed++
		}
		h.rate.start(now)
		h.due.first()
		l.running, d.running, d.sealed = true, true, true
		h.running++
		return d
	}
	return nil
}

// wake is when next or remind may have something again, or when what was begun is
// to be noted, if nothing else happens.
func (h *hook) wake() (time.Time, bool) {
	if h.read < h.target {
		return time.Time{}, false
	}
	at := h.reminder
	if due := h.rate.noteDue(); h.rate.fresh > 0 && (at.IsZero() || due.Before(at)) {
		at = due
	}
	if h.running < h.Concurrency && len(h.due) > 0 {
		if due := later(h.due[0].due, h.rate.free()); at.IsZero() || due.Before(at) {
			at = due
		}
	}
	return at, !at.IsZero()
}
