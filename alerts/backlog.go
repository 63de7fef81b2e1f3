package alerts

import "slices"

// Bounds of what waits for the disk. A disk that takes nothing for hours costs
// this much memory at most, at about a kilobyte each.
const (
	tidyBacklog = 8192  // events from which on those that say least are left out
	maxBacklog  = 65536 // events from which on the oldest are left out
)

// maxNotes is how many notes wait at most; then the older half goes, memories of
// alerts before anything else: a restart would take the time of a hole among them
// for one in which the daemon ran.
const maxNotes = 1024

// A placed note stands before the event at that index of a backlog: what it says
// holds for alerts as they were before that event.
type placed struct {
	note Note
	at   int
}

// A backlog is the events and notes that are not on disk yet, in order. When it
// grows, an alert that came and went several times is cut down to how it stands
// now, and to the firing before if that has ended; only when that is not enough
// the oldest events go. The zero value is empty and ready. It is not safe for
// concurrent use.
type backlog struct {
	events    []Event
	notes     []placed // ascending
	announced int      // of the first events, how many were announced without a number
	tidied    int      // events that the last compaction left
}

// add takes notes, behind them events, and behind those more notes. It returns how
// many events were left out for it.
func (b *backlog) add(before []Note, events []Event, after []Note) int {
	b.place(before)
	b.events = append(b.events, events...)
	b.place(after)
	return b.bound()
}

func (b *backlog) place(notes []Note) {
	for _, n := range notes {
		b.notes = append(b.notes, placed{n, len(b.events)})
	}
}

// join takes what another backlog holds, behind its own.
func (b *backlog) join(other backlog) int {
	for _, n := range other.notes {
		b.notes = append(b.notes, placed{n.note, len(b.events) + n.at})
	}
	b.events = append(b.events, other.events...)
	return b.bound()
}

// bound leaves out what is too much, and returns how many events.
func (b *backlog) bound() int {
	b.trim()
	if len(b.events) > max(tidyBacklog, 2*b.tidied) || len(b.events) > maxBacklog {
		return b.compact()
	}
	return 0
}

// trim lets go of older notes when they are too many.
func (b *backlog) trim() {
	if len(b.notes) <= maxNotes {
		return
	}
	older := len(b.notes) - maxNotes/2
	rest := slices.DeleteFunc(slices.Clone(b.notes[:older]), func(n placed) bool {
		_, memories := n.note.(Memories)
		return memories
	})
	rest = append(rest, b.notes[older:]...)
	b.notes = slices.Clone(rest[max(len(rest)-maxNotes, 0):])
}

func (b *backlog) empty() bool { return len(b.events) == 0 && len(b.notes) == 0 }

// next returns what is to be written next: events up to the next notes, and those
// notes. A hole comes by itself: the disk may take the first of what it is given and
// refuse the rest, all notes are then given to it again, and a hole would count twice.
func (b *backlog) next() ([]Event, []Note) {
	if len(b.notes) == 0 {
		return b.events, nil
	}
	var notes []Note
	until := b.notes[0].at
	for _, n := range b.notes {
		_, hole := n.note.(Hole)
		if n.at > until || hole && (until > 0 || len(notes) > 0) {
			break
		}
		if notes = append(notes, n.note); hole {
			break
		}
	}
	return b.events[:until], notes
}

// wrote takes out the first events and notes, which are on disk.
func (b *backlog) wrote(events, notes int) {
	b.notes = b.notes[notes:]
	if len(b.notes) == 0 {
		b.notes = nil
	}
	for i := range b.notes {
		b.notes[i].at = max(b.notes[i].at-events, 0)
	}
	b.events = append([]Event(nil), b.events[events:]...)
	b.announced = max(b.announced-events, 0)
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
	announced, notes := 0, 0
	for i := range b.events {
		for ; notes < len(b.notes) && b.notes[notes].at == i; notes++ {
			b.notes[notes].at = len(rest)
		}
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
	for ; notes < len(b.notes); notes++ {
		b.notes[notes].at = len(rest)
	}
	dropped := len(b.events) - len(rest)
	b.events, b.announced, b.tidied = rest, announced, len(rest)
	return dropped
}
