package alerts

import (
	"slices"
	"time"

	"monitord/metric"
)

// An unread is what a rule's expression looks at and nobody reads at present: the
// absence of its alerts means nothing, until it is read again and the expression's
// range has filled up.
type unread struct {
	metric.Unread
	from, last int64 // the ticks at which it was unread first and last
}

// maxHeld bounds what one rule remembers; a failing collector is one of them, a
// mount that does not answer another.
const maxHeld = 256

// hold takes what was not read at a tick and returns what the rule's own result
// lacks for it: a rule that reads what another records depends on that too.
func (tr *tracker) hold(all []metric.Unread, t int64, interval time.Duration) []metric.Unread {
	for _, u := range all {
		if !tr.rule.expr.lacks(u) {
			continue
		}
		i := slices.IndexFunc(tr.held, func(h unread) bool { return h.same(u) })
		switch {
		case i >= 0:
			tr.held[i].last = t
		case len(tr.held) < maxHeld:
			tr.held = append(tr.held, unread{Unread: u, from: t, last: t})
		}
	}
	tr.held = slices.DeleteFunc(tr.held, func(h unread) bool { return h.over(t, tr.rule.expr.fill, interval) })
	if !tr.rule.Recording {
		return nil
	}
	var own []metric.Unread
	for _, h := range tr.held {
		if h.last == t {
			own = append(own, metric.Unread{Names: []string{tr.rule.Name}, Labels: h.Labels})
		}
	}
	return own
}

func (h unread) same(u metric.Unread) bool {
	return h.Labels.Hash() == u.Labels.Hash() && slices.Equal(h.Names, u.Names)
}

// over reports whether absence means something again. The measure of what matters
// to a range is that of holes, see fillFraction.
func (h unread) over(t int64, fill, interval time.Duration) bool {
	if t == h.last {
		return false
	}
	if t < h.last { // the clock was set back
		return true
	}
	gap := time.Duration(h.last-h.from)*time.Millisecond + interval
	return gap <= fill/fillFraction || t >= h.last+fill.Milliseconds()
}

// stale reports whether an alert is one of those whose expression is not read at
// t, or, if it is absent from the result, was not of late.
func (tr *tracker) stale(in *instance, t int64, absent bool) bool {
	return slices.ContainsFunc(tr.held, func(h unread) bool { return (absent || h.last == t) && h.Covers(in.labels) })
}

// lacks reports whether the expression selects something of what is unread.
func (e *expression) lacks(u metric.Unread) bool {
	return e.anyOne || slices.ContainsFunc(e.names, u.Has)
}

// Lacks is [Engine.Observe] for whoever knows of a tick only what was not read.
func (e *Engine) Lacks(t int64, unread []metric.Unread) { e.unread, e.observed = unread, t }

// hold tells every rule what its expression looks at and nobody reads at t.
func (e *Engine) hold(t int64) {
	all := e.unread
	if e.observed != t {
		all = nil // nobody says
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, tr := range e.trackers {
		if len(all) == 0 && len(tr.held) == 0 {
			continue
		}
		all = append(all[:len(all):len(all)], tr.hold(all, t, e.o.Interval)...)
		for _, in := range tr.alerts {
			in.stale = tr.stale(in, t, in.source.t != tr.health.at)
		}
	}
}

// Stale reports whether an active alert of a rule stays as it is because a
// collector that its expression selects from fails.
func (e *Engine) Stale(rule, fingerprint string) bool {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, tr := range e.trackers {
		if tr.rule.ID != rule || len(tr.held) == 0 {
			continue
		}
		for _, in := range tr.alerts {
			if in.fingerprint == fingerprint {
				return in.stale
			}
		}
	}
	return false
}
