package alerts

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"
)

// What is announced without a number is known until it is on disk: of every alert
// how it stands, and no more than waits for the disk.
func TestLogKnowsWhatHasNoNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := startRecording(t, &disk{})
		check := func(announced uint64, loose, picture []string) {
			t.Helper()
			synctest.Wait()
			got, _ := r.log.Loose(announced)
			if !slices.Equal(names(got), loose) {
				t.Errorf("up to %d without a number: %q, want %q", announced, names(got), loose)
			}
			got, _ = r.log.Picture(announced)
			if !slices.Equal(names(got), picture) {
				t.Errorf("with %d without a number: %q, want %q", announced, names(got), picture)
			}
		}
		r.Add(outcome(event(KindFiring, "a", 1), event(KindFiring, "b", 1)))
		check(9, nil, []string{"1 firing a", "2 firing b"})

		r.disk.set(func(d *disk) { d.refuse = true })
		silenced := event(KindSilenced, "b", 2)
		silenced.Alert.SilencedBy = []string{"s"}
		r.Add(outcome(event(KindPending, "c", 2), event(KindResolved, "a", 2), silenced))
		synctest.Wait()
		r.Add(outcome(event(KindFiring, "c", 3)))
		all := []string{"0 pending c", "0 resolved a", "0 silenced b", "0 firing c"}
		check(9, all, []string{"2 firing b", "0 firing c"})
		check(1, all[:1], []string{"1 firing a", "2 firing b", "0 pending c"})
		check(0, nil, []string{"1 firing a", "2 firing b"})
		if got, _ := r.log.Picture(9); !slices.Equal(got[0].Alert.SilencedBy, []string{"s"}) || !got[0].Durable || got[1].Durable {
			t.Errorf("silenced and durable: %+v", got)
		}
		if got, _ := r.log.Current(); got[1].Alert.SilencedBy != nil {
			t.Error("what is on disk has changed")
		}

		r.disk.set(func(d *disk) { d.refuse, d.partial = false, 2 })
		advance(2 * time.Second) // room for two at a time
		check(9, nil, []string{"2 firing b", "6 firing c"})

		r.disk.set(func(d *disk) { d.refuse = true })
		for i := range 2 * tidyBacklog {
			r.Add(outcome(event([]Kind{KindFiring, KindResolved}[i%2], fmt.Sprint(i/2%10), int64(i))))
		}
		synctest.Wait()
		if got, _ := r.log.Loose(1 << 40); len(got) != r.Stats().Waiting {
			t.Errorf("%d without a number, %d wait for the disk", len(got), r.Stats().Waiting)
		}
		check(0, nil, []string{"2 firing b", "6 firing c"})
		r.stop()
	})
}
