package silence

import (
	"cmp"
	"slices"
	"time"
)

// Get returns a silence as it is now.
func (s *Silences) Get(id string) (Silence, bool) {
	now := s.clock()
	set := s.set.Load()
	if made := set.made[id]; made != nil && made.shown(now) {
		return *made, true
	}
	for _, q := range set.quiet {
		if q.silence.ID == id {
			return q.at(now), true
		}
	}
	return Silence{}, false
}

// List returns every silence as it is now: the active ones, by their end, then
// the pending ones, by their start, then the expired ones, the latest first.
func (s *Silences) List() []Silence {
	now := s.clock()
	set := s.set.Load()
	all := make([]Silence, 0, len(set.made)+len(set.quiet))
	for _, made := range set.made {
		if made.shown(now) {
			all = append(all, *made)
		}
	}
	for _, q := range set.quiet {
		all = append(all, q.at(now))
	}
	order := map[State]int{Active: 0, Pending: 1, Expired: 2}
	slices.SortFunc(all, func(a, b Silence) int {
		if c := cmp.Compare(order[a.State(now)], order[b.State(now)]); c != 0 {
			return c
		}
		c := 0
		switch a.State(now) {
		case Active:
			c = a.EndsAt.Compare(b.EndsAt)
		case Pending:
			c = a.StartsAt.Compare(b.StartsAt)
		default:
			c = b.EndsAt.Compare(a.EndsAt)
		}
		return cmp.Or(c, cmp.Compare(a.ID, b.ID))
	})
	return all
}

// shown tells whether people may still want to see the silence.
func (s *Silence) shown(now time.Time) bool { return now.Sub(s.EndsAt) < keepExpired }

// Now is the time by which the states of silences are to be told.
func (s *Silences) Now() time.Time { return s.clock() }

// Stats is how many silences there are, and the active ones of those that
// people have made, those that end first before the others.
type Stats struct {
	Pending, Active, Expired int
	Ending                   []Silence // at most a hundred
}

const maxEnding = 100

// Stats counts the silences.
func (s *Silences) Stats() Stats {
	now := s.clock()
	var st Stats
	for _, q := range s.List() {
		switch q.State(now) {
		case Pending:
			st.Pending++
		case Active:
			st.Active++
			if q.Name == "" && len(st.Ending) < maxEnding {
				st.Ending = append(st.Ending, q)
			}
		case Expired:
			st.Expired++
		}
	}
	return st
}
