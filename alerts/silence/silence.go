package silence

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts/match"
)

// A Silence keeps the hooks from telling about the alerts that it matches, while
// it is in force: from StartsAt until EndsAt, by the wall clock. It changes
// nothing else. Values of this type are immutable.
type Silence struct {
	ID        string
	Matchers  match.Matchers
	CreatedBy string
	Comment   string
	StartsAt  time.Time
	EndsAt    time.Time
	UpdatedAt time.Time
	Name      string // of those that the configuration makes; empty for all others
}

// A State is where a silence stands, in Alertmanager's words.
type State string

// The states of a silence. One of the configuration that recurs is never expired.
const (
	Pending State = "pending"
	Active  State = "active"
	Expired State = "expired"
)

// State returns where the silence stands at a time. At EndsAt it has expired.
func (s *Silence) State(now time.Time) State {
	switch {
	case !now.Before(s.EndsAt):
		return Expired
	case now.Before(s.StartsAt):
		return Pending
	}
	return Active
}

// Notice is the name of the alert that says of a silence that it ends soon. Its
// label "silence" has the ID.
const Notice = "MonitordSilenceExpires"

// Matches tells whether an alert is one that the silence is for. The notice that
// this silence ends is not: it would never be heard.
func (s *Silence) Matches(ls labels.Labels) bool {
	if ls.Get(labels.AlertName) == Notice && ls.Get("silence") == s.ID {
		return false
	}
	return s.Matchers.Matches(ls)
}

// mayBecome tells whether a change of the silence leaves it the same one.
func (s *Silence) mayBecome(want *Silence, now time.Time) bool {
	if s.Matchers.String() != want.Matchers.String() {
		return false
	}
	switch s.State(now) {
	case Active:
		return s.StartsAt.Unix() == want.StartsAt.Unix() // those who copy a silence may round its times
	case Pending:
		return !want.StartsAt.Before(now)
	}
	return false
}

// ended is the silence, expired. One that has not begun never begins.
func (s *Silence) ended(now time.Time) *Silence {
	e := *s
	if e.StartsAt.After(now) {
		e.StartsAt = now
	}
	e.EndsAt, e.UpdatedAt = now, now
	return &e
}
