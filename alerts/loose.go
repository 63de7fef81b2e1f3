package alerts

import (
	"maps"
	"sort"
)

// hold says what has been announced without a number and is not on disk yet, in
// order. The slice is shared with whoever holds it for the disk, so that it costs
// nothing here, and must not be changed any more.
func (l *Log) hold(events []Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.loose = events
}

// Loose returns the events that have been announced without a number, up to the
// given count of them, and have none yet, in order; and the newest number at that
// moment. The slice must not be changed.
func (l *Log) Loose(announced uint64) ([]Event, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return upTo(l.loose, announced), l.fold.seq
}

// Picture returns what Current does, as it is with what has been announced without
// a number besides, up to the given count: alerts whose latest transition that is
// come last, with an event that has no number; those that it ended are left out.
func (l *Log) Picture(announced uint64) ([]Event, uint64) {
	l.mu.Lock()
	loose, seq := upTo(l.loose, announced), l.fold.seq
	if len(loose) == 0 {
		defer l.mu.Unlock()
		return l.fold.current(), seq
	}
	now := newFold()
	now.active = maps.Clone(l.fold.active)
	l.mu.Unlock()
	for i := range loose {
		now.event(loose[i].stored())
	}
	return now.current(), seq
}

// behind returns the events that were announced after so many, upTo the others.
func behind(loose []Event, announced uint64) []Event {
	if rest := loose[count(loose, announced):]; len(rest) > 0 {
		return rest
	}
	return nil // and not the end of an array that it would keep
}

func upTo(loose []Event, announced uint64) []Event { return loose[:count(loose, announced)] }

func count(loose []Event, announced uint64) int {
	return sort.Search(len(loose), func(i int) bool { return loose[i].Announced > announced })
}
