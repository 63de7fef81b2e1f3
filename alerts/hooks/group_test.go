package hooks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/send"
)

func grouping(name string, f *fake) compiled {
	c := with(name, f)
	c.GroupBy = []string{"severity"}
	return c
}

// elsewhere is an event of an alert in another group.
func elsewhere(e alerts.Event) alerts.Event { return hooktest.WithLabel(e, "severity", "warning") }

func TestGroups(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		_, stop := start(t, log, grouping("ops", f))
		after(0)
		begun := time.Now()
		write(t, log, hooktest.Firing("A"))
		after(4 * time.Second)
		write(t, log, hooktest.Firing("B"), elsewhere(hooktest.Firing("C")))
		after(4 * time.Second)
		write(t, log, hooktest.Resolved("A"))
		after(time.Minute)
		write(t, log, hooktest.Resolved("B"))
		after(time.Minute)
		hooktest.Equal(t, "calls", f.keys(), []string{
			"A firing, B firing, A resolved ops-4", "C firing ops-3", "B resolved ops-7"})
		for i, want := range []time.Duration{10 * time.Second, 14 * time.Second, 78 * time.Second} {
			if at := f.seen()[i].at.Sub(begun); at != want {
				t.Errorf("delivery %d came after %v, want %v", i, at, want)
			}
		}
		hooktest.Equal(t, "journal", told(t, log), []string{"ops notified 4 1 with [1 2]", "ops notified 3 1", "ops notified 7 1"})
		if _, ok := log.Progress()["ops"]["seal-4"]; ok {
			t.Error("a seal is left")
		}
		stop()
	})
}

// TestGroupRetried: the same events under the same key until they are delivered;
// what comes meanwhile is the next delivery, at once if it has waited.
func TestGroupRetried(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		log, j := openLog(t, dir)
		bad := &fake{answer: func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused} }}
		_, stop := start(t, log, grouping("ops", bad))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"))
		after(20 * time.Second)
		write(t, log, hooktest.Firing("C"), hooktest.Resolved("A"))
		after(20 * time.Second)
		for _, key := range bad.keys() {
			hooktest.Equal(t, "each attempt", key, "A firing, B firing ops-2")
		}
		stop()
		j.Close()

		log, _ = openLog(t, dir)
		good := &fake{}
		_, stop = start(t, log, grouping("ops", good))
		after(time.Minute)
		hooktest.Equal(t, "after a restart", good.keys(), []string{"A firing, B firing ops-2", "C firing, A resolved ops-5"})
		stop()
		_, stop = start(t, log, grouping("ops", good))
		after(time.Minute)
		hooktest.Equal(t, "after another", len(good.keys()), 2)
		stop()
	})
}

// TestGroupChanges: an alert's events stay in order when groups are given up or
// begun, in a running daemon and over a restart.
func TestGroupChanges(t *testing.T) {
	for _, restart := range []bool{false, true} {
		t.Run(fmt.Sprint("restart ", restart), func(t *testing.T) {
			inBubble(t, func(t *testing.T, log *alerts.Log) {
				var failing atomic.Bool
				failing.Store(true)
				f := &fake{}
				f.answer = func(context.Context, string) send.Outcome {
					if failing.Load() {
						return send.Outcome{Err: errRefused}
					}
					return send.Outcome{}
				}
				var r *Runner
				stop := func() {}
				use := func(c compiled) {
					if restart || r == nil {
						stop()
						r, stop = start(t, log, c)
					} else {
						r.mu.Lock()
						r.reload = []compiled{c}
						r.mu.Unlock()
						r.poke()
					}
					after(0)
				}
				use(grouping("ops", f))
				write(t, log, hooktest.Firing("A"), hooktest.Firing("B"))
				after(20 * time.Second)
				use(with("ops", f))
				write(t, log, hooktest.Resolved("A"), hooktest.Resolved("B"))
				after(20 * time.Second)
				use(grouping("ops", f))
				write(t, log, hooktest.Firing("A"))
				after(20 * time.Second)
				failing.Store(false)
				after(time.Hour)
				of := map[string][]string{} // by alert, without retries
				for _, what := range strings.Split(strings.Join(f.whats(), ", "), ", ") {
					name, status, _ := strings.Cut(what, " ")
					if n := len(of[name]); n == 0 || of[name][n-1] != status {
						of[name] = append(of[name], status)
					}
				}
				hooktest.Equal(t, "in order", of, map[string][]string{"A": {"firing", "resolved", "firing"}, "B": {"firing", "resolved"}})
				if keys := f.keys(); keys[0] != keys[3] || keys[0] != "A firing, B firing ops-2" {
					t.Errorf("the group fell apart: %v", keys)
				}
				stop()
			})
		})
	}
}

// TestGroupRepeats: what fires of a group is said again at once.
func TestGroupRepeats(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		c := grouping("ops", f)
		c.Repeat = time.Hour
		_, stop := start(t, log, c)
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"), elsewhere(hooktest.Firing("X")))
		after(30 * time.Minute)
		write(t, log, hooktest.Firing("C"))
		after(time.Hour)
		write(t, log, hooktest.Resolved("C"))
		after(time.Hour)
		keys := f.keys()[3:]
		slices.Sort(keys)
		hooktest.Equal(t, "calls", keys, []string{
			"A firing, B firing ops-2-r2", "A firing, B firing, C firing ops-6-r1", "C resolved ops-10", "X firing ops-3-r1", "X firing ops-3-r2"})
		stop()
	})
}

// TestGroupBounds: what is too much for one delivery makes several.
func TestGroupBounds(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		_, stop := start(t, log, grouping("ops", f))
		after(0)
		var events []alerts.Event
		for i := range maxGroup + 10 {
			events = append(events, hooktest.Firing(fmt.Sprint("A", i)))
		}
		for i := range 5 {
			e := elsewhere(hooktest.Firing(fmt.Sprint("B", i)))
			e.Alert.Annotations = map[string]string{"summary": strings.Repeat("x", maxGroupBytes/2)}
			events = append(events, e)
		}
		write(t, log, events...)
		after(time.Minute)
		var sizes []int
		for _, what := range f.whats() {
			sizes = append(sizes, 1+strings.Count(what, ","))
		}
		slices.Sort(sizes)
		hooktest.Equal(t, "sizes", sizes, []int{1, 2, 2, 10, maxGroup})
		stop()
	})
}

// TestGroupWithoutDisk: what has no number is delivered by itself, in order.
func TestGroupWithoutDisk(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		r, stop := start(t, log, grouping("ops", f))
		after(0)
		a, b := hooktest.Firing("A"), hooktest.Firing("B")
		r.Announce([]alerts.Event{a, b})
		after(time.Second)
		first := f.whats()
		slices.Sort(first)
		hooktest.Equal(t, "without numbers", first, []string{"A firing", "B firing"})
		write(t, log, a, b, hooktest.Resolved("A"))
		after(time.Minute)
		hooktest.Equal(t, "with numbers", f.whats()[2:], []string{"A resolved"})
		stop()
	})
}

// hanging is a log whose disk does not answer when something is to be noted.
type hanging struct {
	*alerts.Log
	hangs   atomic.Bool
	release chan struct{}
}

func (l *hanging) Append(ctx context.Context, events []alerts.Event, notes ...alerts.Note) ([]alerts.Event, error) {
	if l.hangs.Load() {
		<-l.release
	}
	return l.Log.Append(ctx, events, notes...)
}

// TestGroupWhileDiskHangs: what is delivered together is told though the disk does
// not answer, and everything ends once it does.
func TestGroupWhileDiskHangs(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		l := &hanging{Log: log, release: make(chan struct{})}
		_, stop := start(t, l, grouping("ops", f))
		after(time.Second)
		l.hangs.Store(true)
		for i := range 40 {
			write(t, log, hooktest.WithLabel(hooktest.Firing(fmt.Sprint("A", i)), "severity", fmt.Sprint(i)))
		}
		after(2 * time.Minute)
		if n := len(f.seen()); n != 40 {
			t.Errorf("%d of 40 were told", n)
		}
		l.hangs.Store(false)
		close(l.release)
		after(time.Minute)
		if n := len(told(t, log)); n != 40 {
			t.Errorf("%d of 40 in the journal: %v", n, told(t, log))
		}
		stop()
	})
}
