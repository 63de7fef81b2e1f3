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
	"monitord/alerts/journal"
)

// TestRestart: what was not delivered is delivered by the next process with the
// same key and in order, what was is not.
func TestRestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		log, j := openLog(t, dir)
		bad := &fake{answer: func(_ context.Context, what string) send.Outcome {
			if what == "B firing" {
				return send.Outcome{}
			}
			return send.Outcome{Err: errRefused}
		}}
		_, stop := start(t, log, with("ops", bad))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"), hooktest.Resolved("A"), hooktest.Firing("A"))
		after(time.Minute)
		stop()
		j.Close()

		log, j = openLog(t, dir)
		good := &fake{}
		_, stop = start(t, log, with("ops", good))
		after(time.Hour)
		hooktest.Equal(t, "calls", good.whats(), []string{"A firing", "A resolved", "A firing"})
		hooktest.Equal(t, "key", good.seen()[0].key, log.Epoch()+"-ops-1")
		list := told(t, log)
		slices.Sort(list)
		for i, s := range list {
			if s[:len("ops notified 1")] == "ops notified 1" {
				list[i] = "ops notified 1 n"
			}
		}
		hooktest.Equal(t, "journal", list, []string{
			"ops notified 1 n", "ops notified 2 1", "ops notified 3 1", "ops notified 4 1", "ops notify_failed 1 1"})
		stop()
		j.Close()

		log, _ = openLog(t, dir)
		none := &fake{}
		_, stop = start(t, log, with("ops", none))
		after(time.Hour)
		hooktest.Equal(t, "once more", none.whats(), nil)
		stop()
	})
}

// TestGiveUpAcrossRestart: the time since the first failure counts on.
func TestGiveUpAcrossRestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var last time.Time
		for range 4 {
			log, j := openLog(t, dir)
			f := &fake{answer: func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused} }}
			_, stop := start(t, log, with("ops", f))
			after(0)
			if log.Last() == 0 {
				write(t, log, hooktest.Firing("A"))
			}
			after(10 * time.Hour)
			stop()
			if calls := f.seen(); len(calls) > 0 {
				last = calls[len(calls)-1].at
			}
			j.Close()
		}
		if d := last.Sub(begun); d < 24*time.Hour || d > 24*time.Hour+time.Minute {
			t.Errorf("the last attempt came after %v", d)
		}
	})
}

// TestManyOpen: more open deliveries than a note holds, and a note that is older than the journal's end.
func TestManyOpen(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		log, j := openLog(t, dir)
		bad := &fake{answer: func(_ context.Context, what string) send.Outcome {
			if len(what)%2 == 0 {
				return send.Outcome{}
			}
			return send.Outcome{Err: errRefused}
		}}
		_, stop := start(t, log, with("ops", bad))
		after(0)
		var events []alerts.Event
		want := 0
		for i := range 160 {
			name := fmt.Sprint("A", i)
			if len(name+" firing")%2 != 0 {
				want++
			}
			events = append(events, hooktest.Firing(name))
		}
		write(t, log, events...)
		after(time.Hour)
		stop()
		j.Close()
		log, _ = openLog(t, dir)
		good := &fake{}
		_, stop = start(t, log, with("ops", good))
		after(time.Hour)
		whats := good.whats()
		slices.Sort(whats)
		if n := len(slices.Compact(whats)); n != want || len(good.whats()) != want {
			t.Errorf("%d deliveries of %d alerts, want %d", len(good.whats()), n, want)
		}
		stop()
	})
}

func TestNewHookBeginsWithWhatFires(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		write(t, log, hooktest.Firing("old"), hooktest.Resolved("old"), hooktest.Firing("A"), hooktest.Transition("B", alerts.KindPending, nil), hooktest.Firing("C"))
		f := &fake{}
		_, stop := start(t, log, with("ops", f))
		after(time.Minute)
		whats := f.whats()
		slices.Sort(whats)
		hooktest.Equal(t, "calls", whats, []string{"A firing", "C firing"})
		stop()
	})
}

func TestReload(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		hang := &fake{answer: func(ctx context.Context, what string) send.Outcome {
			if what == "A firing" {
				<-time.After(10 * time.Second)
				return send.Outcome{}
			}
			return send.Outcome{Err: errRefused}
		}}
		gone := &fake{}
		r, stop := start(t, log, with("ops", hang), with("gone", gone))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"))
		after(time.Second)

		if err := r.Reload([]Config{{Name: "!", Type: "exec"}}); err == nil {
			t.Error("a faulty configuration was taken")
		}
		next, fresh := &fake{}, &fake{}
		r.mu.Lock()
		r.reload = []compiled{with("fresh", fresh), with("ops", next)}
		r.mu.Unlock()
		r.poke()
		after(0)
		write(t, log, hooktest.Resolved("A"))
		after(time.Minute)
		// What was under way ended as it began; what waited goes to the new target.
		hooktest.Equal(t, "next", next.whats(), []string{"B firing", "A resolved"})
		fired := fresh.whats()
		slices.Sort(fired)
		hooktest.Equal(t, "fresh", fired, []string{"A firing", "A resolved", "B firing"})
		before := slices.DeleteFunc(hang.whats(), func(s string) bool { return s == "B firing" })
		hooktest.Equal(t, "before the reload", before, []string{"A firing"})
		if gone.closed == 0 || hang.closed == 0 {
			t.Error("old senders were not closed")
		}
		if _, ok := log.Progress()["gone"]; ok {
			t.Error("a hook that is gone is still in the journal")
		}
		hooktest.Equal(t, "names", []string{r.Stats()[0].Name, r.Stats()[1].Name}, []string{"fresh", "ops"})
		stop()
	})
}

// TestWithoutDisk: events that the disk refuses are delivered, and not again
// when they have a number.
func TestWithoutDisk(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		var failing atomic.Bool
		failing.Store(true)
		f := &fake{}
		f.answer = func(_ context.Context, what string) send.Outcome {
			if failing.Load() && what == "B firing" {
				return send.Outcome{Err: errRefused}
			}
			return send.Outcome{}
		}
		r, stop := start(t, log, with("ops", f))
		after(0)
		a, b := hooktest.Firing("A"), hooktest.Firing("B")
		r.Announce([]alerts.Event{a, b})
		after(100 * time.Millisecond)
		first := f.whats()
		slices.Sort(first)
		hooktest.Equal(t, "without a number", first, []string{"A firing", "B firing"})
		write(t, log, a, b)
		after(100 * time.Millisecond)
		failing.Store(false)
		after(time.Minute)
		whats := f.whats()
		if slices.Contains(whats[2:], "A firing") || whats[len(whats)-1] != "B firing" {
			t.Errorf("calls %v", whats)
		}
		list := told(t, log)
		slices.Sort(list)
		if len(list) < 2 || list[0] != "ops notified 1 1" || list[1][:len("ops notified 2")] != "ops notified 2" {
			t.Errorf("journal %v", list)
		}
		stop()
	})
}

// refusing is a log whose disk takes nothing for a while, or to which a daemon that
// was killed no longer writes.
type refusing struct {
	*alerts.Log
	refuse atomic.Bool
}

func (l *refusing) Append(ctx context.Context, events []alerts.Event, notes ...alerts.Note) ([]alerts.Event, error) {
	if l.refuse.Load() {
		return nil, errRefused
	}
	return l.Log.Append(ctx, events, notes...)
}

func TestJournalRefusesVerdicts(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		l := &refusing{Log: log}
		f := &fake{}
		_, stop := start(t, l, with("ops", f))
		after(0)
		l.refuse.Store(true)
		write(t, log, hooktest.Firing("A"), hooktest.Resolved("A"))
		after(time.Minute)
		hooktest.Equal(t, "calls", f.whats(), []string{"A firing", "A resolved"})
		hooktest.Equal(t, "journal", told(t, log), nil)
		l.refuse.Store(false)
		after(time.Minute)
		hooktest.Equal(t, "journal", told(t, log), []string{"ops notified 1 1", "ops notified 2 1"})
		stop()
	})
}

// expiring is a log that has dropped what is before first.
type expiring struct {
	*alerts.Log
	first atomic.Uint64
}

func (l *expiring) First() uint64 { return l.first.Load() }

func (l *expiring) Read(after uint64, limit int) ([]alerts.Event, error) {
	if after+1 < l.first.Load() {
		return nil, fmt.Errorf("read: %w", journal.ErrExpired)
	}
	return l.Log.Read(after, limit)
}

// TestExpired: of what the journal dropped before a hook had read it, that is told
// which still fires.
func TestExpired(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		l := &expiring{Log: log}
		_, stop := start(t, l, with("ops", f))
		after(time.Minute)
		stop()
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"), hooktest.Resolved("B"), hooktest.Firing("C"))
		l.first.Store(4)
		_, stop = start(t, l, with("ops", f))
		after(time.Minute)
		calls := f.whats()
		slices.Sort(calls)
		hooktest.Equal(t, "calls", calls, []string{"A firing", "C firing"})
		write(t, log, hooktest.Resolved("A"))
		after(time.Minute)
		hooktest.Equal(t, "later", f.whats()[2:], []string{"A resolved"})
		stop()
	})
}
