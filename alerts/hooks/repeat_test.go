package hooks

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/send"
)

func repeating(name string, f *fake, every time.Duration) compiled {
	c := with(name, f)
	c.Repeat = every
	return c
}

func TestRepeats(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f, never := &fake{}, &fake{}
		_, stop := start(t, log, repeating("ops", f, 4*time.Hour), with("never", never))
		after(0)
		begun := time.Now()
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"))
		after(time.Hour)
		write(t, log, hooktest.Resolved("B"))
		after(8 * time.Hour)
		write(t, log, hooktest.Resolved("A"))
		after(24 * time.Hour)
		hooktest.Equal(t, "calls", f.keys()[3:], []string{"A firing ops-1-r1", "A firing ops-1-r2", "A resolved ops-" + fmt.Sprint(endOf(t, log, "A"))})
		for i, want := range []time.Duration{4 * time.Hour, 8 * time.Hour} {
			if at := f.seen()[3+i].at.Sub(begun); at != want {
				t.Errorf("repeat %d came after %v", i+1, at)
			}
		}
		if n := len(never.seen()); n != 4 {
			t.Errorf("without repeat: %v", never.whats())
		}
		stop()
	})
}

// endOf is the number of the event that ended an alert.
func endOf(t *testing.T, log *alerts.Log, name string) uint64 {
	t.Helper()
	for _, e := range all(t, log) {
		if e.Kind == alerts.KindResolved && e.Alert.Labels.Get("alertname") == name {
			return e.Seq
		}
	}
	t.Fatalf("%s did not end", name)
	return 0
}

// TestRepeatFails: a repeat is retried under its own key, and taken back when
// the alert ends; the end is not held up by it.
func TestRepeatFails(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		var failing atomic.Bool
		f := &fake{answer: func(context.Context, string) send.Outcome {
			if failing.Load() {
				return send.Outcome{Err: errRefused}
			}
			return send.Outcome{}
		}}
		_, stop := start(t, log, repeating("ops", f, time.Hour))
		after(0)
		write(t, log, hooktest.Firing("A"))
		after(time.Minute)
		failing.Store(true)
		after(time.Hour + 10*time.Minute)
		tries := f.keys()[1:]
		if len(tries) < 5 {
			t.Errorf("%d attempts", len(tries))
		}
		for _, key := range tries {
			hooktest.Equal(t, "each attempt", key, "A firing ops-1-r1")
		}
		failing.Store(false)
		before := len(f.seen())
		write(t, log, hooktest.Resolved("A"))
		after(time.Second)
		hooktest.Equal(t, "the end", f.whats()[before:], []string{"A resolved"})
		after(10 * time.Hour)
		hooktest.Equal(t, "after it", len(f.seen()), before+1)
		hooktest.Equal(t, "journal", told(t, log)[1], "ops notify_failed 1 1 repeat 1")
		stop()
	})
}

// TestRepeatsCountFromDelivery: from the last that succeeded, retries included.
func TestRepeatsCountFromDelivery(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		begun := time.Now()
		f := &fake{answer: func(context.Context, string) send.Outcome {
			if time.Since(begun) < 30*time.Minute {
				return send.Outcome{Err: errRefused}
			}
			return send.Outcome{}
		}}
		_, stop := start(t, log, repeating("ops", f, time.Hour))
		after(0)
		write(t, log, hooktest.Firing("A"))
		after(50 * time.Minute)
		calls := f.seen()
		delivered := calls[len(calls)-1].at
		after(2 * time.Hour)
		again := f.seen()[len(calls):]
		if len(again) != 2 || again[0].at.Sub(delivered) != time.Hour || again[1].at.Sub(delivered) != 2*time.Hour {
			t.Errorf("delivered at %v, again %v", delivered, again)
		}
		stop()
	})
}

// TestRepeatAcrossRestarts: time goes on while nobody runs, counts go on, and a
// repeat that was being tried keeps its key.
func TestRepeatAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var keys []string
		run := func(d time.Duration, failing bool, events ...alerts.Event) {
			log, j := openLog(t, dir)
			f := &fake{}
			if failing {
				f.answer = func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused} }
			}
			_, stop := start(t, log, repeating("ops", f, time.Hour))
			after(0)
			write(t, log, events...)
			after(d)
			stop()
			j.Close()
			for i, key := range f.keys() {
				if i == 0 || key != keys[len(keys)-1] { // retries are one
					keys = append(keys, key)
				}
			}
		}
		run(30*time.Minute, false, hooktest.Firing("A"))
		after(10 * time.Minute)
		run(30*time.Minute, false) // 70 minutes
		run(60*time.Minute, true)  // 130: the second repeat fails
		run(10*time.Minute, false) // 140
		after(5 * time.Hour)
		run(10*time.Minute, false) // at once
		run(10*time.Minute, false, hooktest.Resolved("A"))
		run(5*time.Hour, false)
		hooktest.Equal(t, "calls", keys[:5], []string{"A firing ops-1", "A firing ops-1-r1", "A firing ops-1-r2", "A firing ops-1-r2", "A firing ops-1-r3"})
		if len(keys) != 6 {
			t.Errorf("calls %v", keys)
		}
	})
}

// TestRepeatOfASlowDisk: the journal may take the word of the first delivery after a
// note that has its repeat already. After a kill the end of the alert takes that back
// all the same: who knows keys would not hear the end again behind it.
func TestRepeatOfASlowDisk(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		write(t, log, hooktest.Firing("A"))
		fired := all(t, log)[0]
		note, _, err := progress{
			After: 1,
			Open:  []openDelivery{{Seq: 1, Repeat: 1}},
			Told:  []toldAlert{{Key: fired.Key(), Seq: 1, At: time.Now().UnixMilli()}},
		}.note("ops")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Append(t.Context(), nil, note); err != nil {
			t.Fatal(err)
		}
		first := fired
		first.Kind, first.Delivery = alerts.KindNotified, &alerts.Delivery{Hook: "ops", Of: 1, Attempts: 1}
		write(t, log, first, hooktest.Resolved("A"))
		f := &fake{}
		_, stop := start(t, log, repeating("ops", f, time.Hour))
		after(5 * time.Hour)
		stop()
		hooktest.Equal(t, "calls", f.keys(), []string{"A resolved ops-3"})
	})
}

func TestRepeatsRestInSilence(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		_, stop := start(t, log, repeating("ops", f, time.Hour))
		after(0)
		write(t, log, hooktest.Firing("A"))
		after(90 * time.Minute)
		write(t, log, silenced(hooktest.Firing("A"), alerts.KindSilenced))
		after(5 * time.Hour)
		hooktest.Equal(t, "silenced", f.keys(), []string{"A firing ops-1", "A firing ops-1-r1"})
		write(t, log, silenced(hooktest.Firing("A"), alerts.KindUnsilenced))
		after(time.Minute)
		hooktest.Equal(t, "unsilenced", f.keys()[2:], []string{"A firing ops-1-r2"})
		stop()
	})
}

// TestRepeatGivenUp: what was given up is tried once more when it would be repeated.
func TestRepeatGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{answer: func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused, Permanent: true} }}
		_, stop := start(t, log, repeating("ops", f, time.Hour))
		after(0)
		write(t, log, hooktest.Firing("A"))
		after(150 * time.Minute)
		hooktest.Equal(t, "calls", f.keys(), []string{"A firing ops-1", "A firing ops-1-r1", "A firing ops-1-r2"})
		stop()
	})
}

// TestRepeatsOutliveEvents: an alert is said again under its key though the
// journal no longer has the event that told of it, alone, in a group, after a
// start, and if it was told when a silence ended.
func TestRepeatsOutliveEvents(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		l := &expiring{Log: log}
		alone, grouped := &fake{}, &fake{}
		group := grouping("group", grouped)
		group.Repeat = time.Hour
		hooks := []compiled{repeating("ops", alone, time.Hour), group}
		_, stop := start(t, l, hooks...)
		after(0)
		write(t, log, hooktest.Firing("A"), silenced(hooktest.Firing("B"), alerts.KindFiring), hooktest.Firing("C"), silenced(hooktest.Firing("B"), alerts.KindUnsilenced))
		after(time.Minute)
		l.first.Store(log.Last())
		after(time.Hour)
		stop()
		_, stop = start(t, l, hooks...)
		after(time.Hour)
		keys := alone.keys()[3:]
		slices.Sort(keys)
		hooktest.Equal(t, "alone", keys, []string{
			"A firing ops-1-r1", "A firing ops-1-r2", "B firing ops-4-r1", "B firing ops-4-r2", "C firing ops-3-r1", "C firing ops-3-r2"})
		hooktest.Equal(t, "in a group", grouped.keys()[1:], []string{"A firing, C firing, B firing group-4-r1", "A firing, C firing, B firing group-4-r2"})
		stop()
	})
}
