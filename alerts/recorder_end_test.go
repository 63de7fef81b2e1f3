package alerts

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

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

// A disk that refuses is asked whether it takes anything, not given thousands of
// events each second.
func TestRecorderAsksBeforeItWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRecording(t, &disk{refuse: true, because: errors.New("no space")})
		r.Add(outcome(event(KindFiring, "a", 1)))
		advance(10 * time.Second)
		r.expect(t, "0 firing a")
		r.disk.set(func(d *disk) {
			if d.appends != 1 {
				t.Errorf("%d appends to a disk that refuses", d.appends)
			}
			d.refuse, d.because = false, nil
		})
		advance(2 * time.Second)
		r.expect(t, "1 firing a")
		r.stop()
	})
}

// A disk that takes a hole and refuses what comes behind it is given that again, and
// not the hole: it would count twice after a start.
func TestRecorderWritesAHoleOnce(t *testing.T) {
	for _, events := range [][]Event{nil, {event(KindFiring, "a", 1)}} {
		synctest.Test(t, func(t *testing.T) {
			r := startRecording(t, &disk{partial: 1})
			memories := Memories{[]storedMemory{{Key: "k", Lost: 1}}}
			r.Add(Outcome{Hole: &Hole{From: 1, To: 2}, Notes: []Note{memories}})
			r.Add(Outcome{Events: events, Hole: &Hole{From: 3, To: 4}, Notes: []Note{memories}})
			advance(10 * time.Second)
			r.disk.set(func(d *disk) { d.partial = 0 })
			advance(2 * time.Second)
			var holes []Hole
			r.disk.set(func(d *disk) {
				for _, rec := range d.recs {
					if n, err := decodeNote(rec.Data); rec.Kind == journal.State && err == nil && n.Hole != nil {
						holes = append(holes, Hole(*n.Hole))
					}
				}
			})
			if want := []Hole{{1, 2}, {3, 4}}; !slices.Equal(holes, want) {
				t.Errorf("holes %v, want %v", holes, want)
			}
			r.stop()
		})
	}
}
