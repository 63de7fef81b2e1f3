package silence

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// A Follower knows the silences in force at the tick at hand, and what changed
// since the one before. While nothing changes, a tick costs a comparison. Without
// silences it does nothing. Use Follow. It is not safe for concurrent use.
type Follower struct {
	silences *Silences // nil: there are none, ever

	set         *stock     // that the fields below are of
	from, until int64      // Unix milliseconds between which they hold
	inForce     []*Silence // by id

	first          bool       // this is the first tick: nothing is known of what was before
	began, stopped []*Silence // at this tick
}

// Follow returns a follower of these silences; nil is none.
func Follow(s *Silences) *Follower { return &Follower{silences: s} }

// Tick moves on to a time in Unix milliseconds and reports whether other silences are in force than before.
func (s *Follower) Tick(t int64) bool {
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

// Over returns the ids of the silences in force that an alert is under, sorted.
func (s *Follower) Over(ls labels.Labels) []string {
	var ids []string
	for _, q := range s.inForce {
		if q.Matches(ls) {
			ids = append(ids, q.ID)
		}
	}
	return ids
}

// Still is Over for an alert that was under some silences at the tick before.
func (s *Follower) Still(ls labels.Labels, before []string) []string {
	if s.first {
		return s.Over(ls)
	}
	var ids []string
	for _, id := range before {
		if !slices.ContainsFunc(s.stopped, func(q *Silence) bool { return q.ID == id }) {
			ids = append(ids, id)
		}
	}
	for _, q := range s.began {
		if q.Matches(ls) {
			ids = append(ids, q.ID)
		}
	}
	slices.Sort(ids)
	return ids
}
