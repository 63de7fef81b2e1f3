package alerts

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// A silencer knows the silences in force at the tick at hand, and what changed
// since the one before. While nothing changes, a tick costs a comparison. Without
// silences it does nothing. It is not safe for concurrent use.
type silencer struct {
	silences *Silences // nil: there are none, ever

	set         *silenceSet // that the fields below are of
	from, until int64       // Unix milliseconds between which they hold
	inForce     []*Silence  // by id

	first          bool       // this is the first tick: nothing is known of what was before
	began, stopped []*Silence // at this tick
}

// tick moves on and reports whether other silences are in force than before.
func (s *silencer) tick(t int64) bool {
	if s.silences == nil {
		return false
	}
	set := s.silences.set.Load()
	s.began, s.stopped = nil, nil
	if set == s.set && s.from <= t && t < s.until {
		s.first = false
		return false
	}
	now, until := set.inForce(t)
	s.first = s.set == nil
	for _, q := range now {
		if !slices.Contains(s.inForce, q) {
			s.began = append(s.began, q)
		}
	}
	for _, q := range s.inForce {
		if !slices.Contains(now, q) {
			s.stopped = append(s.stopped, q)
		}
	}
	s.set, s.from, s.until, s.inForce = set, t, until, now
	return s.first || len(s.began)+len(s.stopped) > 0
}

// inForce returns the silences that are active at t, by id, and the next time at
// which one begins or ends.
func (set *silenceSet) inForce(t int64) ([]*Silence, int64) {
	var active []*Silence
	until := int64(math.MaxInt64)
	add := func(s *Silence, start, end int64) {
		switch {
		case t < start:
			until = min(until, start)
		case t < end:
			until = min(until, end)
			active = append(active, s)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(set.made)) {
		s := set.made[id]
		add(s, s.StartsAt.UnixMilli(), s.EndsAt.UnixMilli())
	}
	now := fromMillis(t)
	for _, q := range set.quiet {
		w := q.window(now)
		add(&q.silence, w.start.UnixMilli(), w.end.UnixMilli())
	}
	slices.SortFunc(active, func(a, b *Silence) int { return strings.Compare(a.ID, b.ID) })
	return active, until
}

// match returns the ids of the silences in force that an alert is under.
func (s *silencer) match(ls labels.Labels) []string {
	var ids []string
	for _, q := range s.inForce {
		if q.matches(ls) {
			ids = append(ids, q.ID)
		}
	}
	return ids
}

// again is match for an alert that was under some silences at the tick before.
func (s *silencer) again(ls labels.Labels, before []string) []string {
	if s.first {
		return s.match(ls)
	}
	var ids []string
	for _, id := range before {
		if !slices.ContainsFunc(s.stopped, func(q *Silence) bool { return q.ID == id }) {
			ids = append(ids, id)
		}
	}
	for _, q := range s.began {
		if q.matches(ls) {
			ids = append(ids, q.ID)
		}
	}
	slices.Sort(ids)
	return ids
}

// silence tells the alerts that there are of silences that began or ended, and
// returns what that did to them. It runs before the rules are evaluated: what
// they say at this tick is said of alerts that are silenced or not already.
func (e *Engine) silence(t int64) []Event {
	if !e.silencer.tick(t) {
		return nil
	}
	var events []Event
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, tr := range e.trackers {
		for _, key := range slices.Sorted(maps.Keys(tr.alerts)) {
			in := tr.alerts[key]
			before := in.silencedBy
			after := e.silencer.again(in.labels, before)
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

// begin looks up the silences of alerts that are new.
func (s *silencer) begin(changes []change) {
	for _, c := range changes {
		if c.in.rule == nil && c.in.silencedBy == nil {
			c.in.silencedBy = s.match(c.in.labels)
		}
	}
}
