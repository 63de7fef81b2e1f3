package alerts

// Bounds of what waits for the disk. A disk that takes nothing for hours costs
// this much memory at most, at about a kilobyte each.
const (
	tidyBacklog = 8192  // events from which on those that say least are left out
	maxBacklog  = 65536 // events from which on the oldest are left out
)

// maxHoles is how many holes wait at most; then the older half goes, and a
// restart would take that time for one in which the daemon ran.
const maxHoles = 1024

// A backlog is the events and holes that are not on disk yet, in order. When it
// grows, an alert that came and went several times is cut down to how it stands
// now, and to the firing before if that has ended; only when that is not enough
// the oldest events go. The zero value is empty and ready. It is not safe for
// concurrent use.
type backlog struct {
	events    []Event
	holes     []Note
	announced int // of the first events, how many were announced without a number
	tidied    int // events that the last compaction left
}

// add returns how many events were left out for it.
func (b *backlog) add(events []Event, holes []Note) int {
	b.events = append(b.events, events...)
	b.holes = append(b.holes, holes...)
	if len(b.holes) > maxHoles {
		b.holes = append([]Note(nil), b.holes[maxHoles/2:]...)
	}
	if len(b.events) > max(tidyBacklog, 2*b.tidied) || len(b.events) > maxBacklog {
		return b.compact()
	}
	return 0
}

func (b *backlog) empty() bool { return len(b.events) == 0 && len(b.holes) == 0 }

// wrote takes out the first n events, which are on disk.
func (b *backlog) wrote(n int) {
	b.events = append([]Event(nil), b.events[n:]...)
	b.announced = max(b.announced-n, 0)
	b.tidied = min(b.tidied, len(b.events))
}

// compact leaves of every alert its last transition, the word about silences
// behind that and, when the last one says that it resolved, the firing before it.
func (b *backlog) compact() int {
	type seen struct{ silence, last, firing bool }
	state := make(map[string]seen)
	keep := make([]bool, len(b.events))
	kept := 0
	for i := len(b.events) - 1; i >= 0; i-- {
		e := &b.events[i]
		key := e.Key()
		s := state[key]
		switch {
		case !e.Kind.Transition():
			keep[i] = !s.silence && !s.last
			s.silence = true
		case !s.last:
			s = seen{silence: true, last: true, firing: e.Kind != KindResolved}
			keep[i] = true
		case !s.firing && e.Kind == KindFiring:
			s.firing = true
			keep[i] = true
		}
		if keep[i] {
			kept++
		}
		state[key] = s
	}
	excess := max(kept-maxBacklog, 0)
	rest := make([]Event, 0, kept-excess)
	announced := 0
	for i := range b.events {
		if keep[i] && excess > 0 {
			keep[i] = false
			excess--
		}
		if !keep[i] {
			continue
		}
		if i < b.announced {
			announced++
		}
		rest = append(rest, b.events[i])
	}
	dropped := len(b.events) - len(rest)
	b.events, b.announced, b.tidied = rest, announced, len(rest)
	return dropped
}
