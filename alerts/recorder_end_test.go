package alerts

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"

	"monitord/alerts/journal"
)

// A journal that takes nothing until it is opened again ends the recorder, whether
// something is to be written or not; what came last is told all the same.
func TestRecorderEndsWithItsJournal(t *testing.T) {
	for _, because := range []error{journal.ErrReplaced, journal.ErrLocked} {
		for _, events := range [][]Event{nil, {event(KindFiring, "a", 1)}} {
			synctest.Test(t, func(t *testing.T) {
				d := &disk{refuse: true, because: because}
				l, err := OpenLog(d, slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				var told []string
				r := NewRecorder(l, slog.New(slog.DiscardHandler), func(events []Event) { told = append(told, names(events)...) })
				r.Add(outcome(events...))
				if err := r.Run(t.Context()); !errors.Is(err, because) {
					t.Errorf("with %d events it ends with %v, want %v", len(events), err, because)
				}
				if want := []string{"0 firing a"}[:len(events)]; !slices.Equal(told, want) {
					t.Errorf("told %q, want %q", told, want)
				}
			})
		}
	}
}
