package hooks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/send"
)

func TestDeliversOnceAndSaysSo(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		r, stop := start(t, log, with("ops", f))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Transition("B", alerts.KindPending, nil), hooktest.Firing("C"))
		after(time.Second)
		write(t, log, hooktest.Resolved("A"))
		after(time.Hour)
		var keys []string
		for _, c := range f.seen() {
			keys = append(keys, c.what+" "+c.key)
		}
		slices.Sort(keys)
		hooktest.Equal(t, "calls", keys, []string{
			"A firing " + log.Epoch() + "-ops-1", "A resolved " + log.Epoch() + "-ops-6", "C firing " + log.Epoch() + "-ops-3"})
		list := told(t, log)
		slices.Sort(list)
		hooktest.Equal(t, "journal", list, []string{"ops notified 1 1", "ops notified 3 1", "ops notified 6 1"})
		s := r.Stats()[0]
		if s.Delivered != 3 || s.Waiting != 0 || s.Running != 0 || s.Failed != 0 {
			t.Errorf("stats %+v", s)
		}
		stop()
	})
}

func TestHoldsBackThatAlertOnly(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		var failing atomic.Bool
		failing.Store(true)
		f := &fake{}
		f.answer = func(_ context.Context, what string) send.Outcome {
			if failing.Load() && strings.HasPrefix(what, "A") {
				return send.Outcome{Err: errRefused}
			}
			return send.Outcome{}
		}
		_, stop := start(t, log, with("ops", f))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"), hooktest.Resolved("A"), hooktest.Resolved("B"))
		after(3 * time.Second)
		got := slices.DeleteFunc(f.whats(), func(s string) bool { return s == "A firing" })
		hooktest.Equal(t, "beside the alert that fails", got, []string{"B firing", "B resolved"})
		failing.Store(false)
		after(10 * time.Minute)
		whats := f.whats()
		hooktest.Equal(t, "the end", whats[len(whats)-2:], []string{"A firing", "A resolved"})
		stop()
	})
}

func TestRetriesUntilGivenUp(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{answer: func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused} }}
		r, stop := start(t, log, with("ops", f))
		after(0)
		write(t, log, hooktest.Firing("A"))
		after(30 * time.Hour)
		calls := f.seen()
		for i, c := range calls[1:] {
			gap := c.at.Sub(calls[i].at)
			if gap < retryMin || gap > retryMax {
				t.Fatalf("attempt %d came %v after the one before", i+2, gap)
			}
			if c.key != calls[0].key {
				t.Fatalf("key %q, was %q", c.key, calls[0].key)
			}
		}
		if total := calls[len(calls)-1].at.Sub(calls[0].at); total < 24*time.Hour || total > 24*time.Hour+time.Second {
			t.Errorf("given up after %v", total)
		}
		if n := len(calls); n < 288 || n > 600 {
			t.Errorf("%d attempts in a day", n)
		}
		hooktest.Equal(t, "journal", told(t, log), []string{
			"ops notify_failed 1 1", fmt.Sprintf("ops notify_failed 1 %d given up", len(calls))})
		if s := r.Stats()[0]; s.GivenUp != 1 || s.Waiting != 0 || s.LastError != "refused" {
			t.Errorf("stats %+v", s)
		}
		stop()
	})
}

func TestPermanentFailure(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{answer: func(_ context.Context, what string) send.Outcome {
			if what == "A firing" {
				return send.Outcome{Err: errRefused, Permanent: true}
			}
			return send.Outcome{}
		}}
		_, stop := start(t, log, with("ops", f))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Resolved("A"))
		after(time.Hour)
		hooktest.Equal(t, "calls", f.whats(), []string{"A firing", "A resolved"})
		hooktest.Equal(t, "journal", told(t, log), []string{"ops notify_failed 1 1 given up", "ops notified 2 1"})
		stop()
	})
}

// TestGivingUpDoesNotFeedItself: what says that a hook gives up, and is given up
// itself, is a dead letter like any other, but no reason to say it again.
func TestGivingUpDoesNotFeedItself(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{answer: func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused, Permanent: true} }}
		r, stop := start(t, log, with("ops", f))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Firing(GivesUp), hooktest.Resolved(GivesUp))
		after(time.Minute)
		if s := r.Stats()[0]; s.GivenUp != 1 || s.Dead != 3 || len(f.seen()) != 3 {
			t.Errorf("stats %+v", s)
		}
		if list, err := r.List(t.Context(), "ops"); err != nil || list[0].State != "failing" || list[0].WaitingTotal != 0 {
			t.Errorf("all of it was given up: %+v, %v", list, err)
		}
		stop()
	})
}

func TestRetryAfterIsHonoured(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		first := true
		f := &fake{answer: func(context.Context, string) send.Outcome {
			if !first {
				return send.Outcome{}
			}
			first = false
			return send.Outcome{Err: errRefused, RetryAfter: 20 * time.Minute}
		}}
		_, stop := start(t, log, with("ops", f))
		after(0)
		write(t, log, hooktest.Firing("A"))
		after(time.Hour)
		calls := f.seen()
		if len(calls) != 2 || calls[1].at.Sub(calls[0].at) != 20*time.Minute {
			t.Errorf("calls %v", calls)
		}
		stop()
	})
}

func TestCaps(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		all := &fake{answer: func(ctx context.Context, _ string) send.Outcome {
			<-ctx.Done()
			return send.Outcome{Err: errRefused}
		}}
		var hooks []compiled
		for i := range 5 {
			hooks = append(hooks, with(fmt.Sprint("h", i), all))
		}
		lone := &fake{answer: all.answer}
		hooks = append(hooks, with("lone", lone))
		r, stop := start(t, log, hooks...)
		after(0)
		var events []alerts.Event
		for i := range 50 {
			events = append(events, hooktest.Firing(fmt.Sprint("A", i)))
		}
		write(t, log, events...)
		after(time.Second)
		for _, s := range r.Stats() {
			if s.Running > 4 {
				t.Errorf("hook %s runs %d", s.Name, s.Running)
			}
		}
		after(10 * time.Minute)
		all.mu.Lock()
		lone.mu.Lock()
		if all.most+lone.most > 16+4 || all.most > 16 || lone.most > 4 || lone.most == 0 {
			t.Errorf("at once: %d and %d", all.most, lone.most)
		}
		all.mu.Unlock()
		lone.mu.Unlock()
		for _, s := range r.Stats() {
			if s.Failed < 40 {
				t.Errorf("hook %s had %d turns", s.Name, s.Failed)
			}
		}
		stop()
	})
}

func TestWhichHooks(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		ops, chat := &fake{}, &fake{}
		quietly := with("chat", chat)
		quietly.SendResolved = false
		_, stop := start(t, log, with("ops", ops), quietly)
		after(0)
		for _, kind := range []alerts.Kind{alerts.KindFiring, alerts.KindResolved} {
			write(t, log,
				hooktest.Transition("every", kind, nil),
				hooktest.Transition("none", kind, []string{}),
				hooktest.Transition("one", kind, []string{"chat"}),
				hooktest.Transition("other", kind, []string{"gone"}))
			after(time.Second)
		}
		hooktest.Equal(t, "ops", ops.whats(), []string{"every firing", "every resolved"})
		whats := chat.whats()
		slices.Sort(whats)
		hooktest.Equal(t, "chat", whats, []string{"every firing", "one firing"})
		stop()
	})
}

func TestShutdown(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{}
		f.answer = func(ctx context.Context, what string) send.Outcome {
			wait := time.Second
			if what == "slow firing" {
				wait = time.Hour
			}
			select {
			case <-time.After(wait):
				return send.Outcome{}
			case <-ctx.Done():
				return send.Outcome{Err: errRefused}
			}
		}
		c := with("ops", f)
		c.Timeout = time.Hour
		_, stop := start(t, log, c)
		after(0)
		write(t, log, hooktest.Firing("slow"), hooktest.Firing("quick"))
		after(100 * time.Millisecond)
		begun := time.Now()
		stop()
		if took := time.Since(begun); took != graceTime {
			t.Errorf("ended after %v", took)
		}
		// The quick one was finished; the slow one is neither delivered nor failed.
		hooktest.Equal(t, "journal", told(t, log), []string{"ops notified 2 1"})

		again := &fake{}
		_, stop = start(t, log, with("ops", again))
		after(time.Minute)
		hooktest.Equal(t, "after the restart", again.whats(), []string{"slow firing"})
		stop()
	})
}
