package silence

import (
	"time"
	_ "time/tzdata" // hosts and containers without the database know their time zones all the same
)

// A quiet is a silence of the configuration: once, or again and again at hours of
// the day in a time zone. It is immutable.
type quiet struct {
	silence Silence // the times are those of one that is not recurring

	recurs   bool
	days     [7]bool // on which it begins, by time.Weekday
	from, to int     // minutes since midnight; to is up to 24 h after from
	zone     *time.Location
}

// A window is a time between two instants, the second exclusive.
type window struct{ start, end time.Time }

// at returns the silence as it is at a time: with the window it is in, or the
// next one.
func (q *quiet) at(now time.Time) Silence {
	s := q.silence
	if q.recurs {
		w := q.window(now)
		s.StartsAt, s.EndsAt = w.start.UTC(), w.end.UTC()
	}
	return s
}

// aheadDays is how far the next window is looked for: in some zones a calendar
// day was left out, and its weekday comes a week later.
const aheadDays = 16

// window returns the window that the time is in, or else the next one. Windows
// that touch or overlap are one, as far as a fortnight goes.
func (q *quiet) window(now time.Time) window {
	if !q.recurs {
		return window{q.silence.StartsAt, q.silence.EndsAt}
	}
	local := now.In(q.zone)
	var w window
	for d := -2; d < aheadDays; d++ { // a window lasts up to a day, or two where one is left out
		day := time.Date(local.Year(), local.Month(), local.Day()+d, 0, 0, 0, 0, time.UTC)
		if !q.days[day.Weekday()] {
			continue
		}
		next := window{clockShows(q.zone, day, q.from), clockShows(q.zone, day, q.to)}
		switch {
		case !next.start.Before(next.end): // the clock skips all of it
		case !next.end.After(now):
		case w.start.IsZero():
			w = next
		case next.start.After(w.end):
			return w
		default:
			w.end = later(w.end, next.end)
		}
	}
	if w.start.IsZero() { // not with seven days to begin on
		far := now.AddDate(0, 0, aheadDays)
		return window{far, far}
	}
	return w
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// clockShows returns the first instant at which the clocks of a zone show the
// time of a day, or a later one: where the time is skipped, when it is; where
// it comes twice, the first of the two. The day is a date in UTC, the time is in
// minutes after its midnight and may reach into the next day.
func clockShows(zone *time.Location, day time.Time, minutes int) time.Time {
	want := day.Add(time.Duration(minutes) * time.Minute) // what the clocks show, as if it were UTC
	at := want.Add(-40 * time.Hour)                       // no clock shows it yet: none is ahead of UTC by so much
	for {
		local := at.In(zone)
		_, offset := local.Zone()
		_, end := local.ZoneBounds()
		shows := later(at, want.Add(-time.Duration(offset)*time.Second))
		if end.IsZero() || shows.Before(end) {
			return shows
		}
		at = end
	}
}
