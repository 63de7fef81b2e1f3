package hooks

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/send"
)

// asking starts a hook whose receiver refuses for good what is in the set.
func asking(t *testing.T, log Log, c compiled, refuses *sync.Map) (*fake, *Runner, func()) {
	t.Helper()
	f := &fake{answer: func(_ context.Context, what string) send.Outcome {
		if _, ok := refuses.Load(what); ok {
			return send.Outcome{Err: errRefused, Permanent: true}
		}
		return send.Outcome{}
	}}
	c.sender = f
	r, stop := start(t, log, c)
	after(0)
	return f, r, stop
}

// TestRetryOfTheOvertaken: what was given up is told as it was, and behind it once
// more what the receiver has heard of its alert since.
func TestRetryOfTheOvertaken(t *testing.T) {
	group := grouping("ops", nil)
	mute := with("ops", nil)
	mute.SendResolved = false
	for name, c := range map[string]struct {
		hook     compiled
		refuses  string
		events   []alerts.Event
		seq      uint64
		want     []string
		followed int
	}{
		"ended since": {
			with("ops", nil), "A firing", []alerts.Event{hooktest.Firing("A"), hooktest.Resolved("A")}, 0,
			[]string{"A firing ops-1", "A resolved ops-3-r1"}, 1},
		"ended since, asked for alone": {
			with("ops", nil), "A firing", []alerts.Event{hooktest.Firing("A"), hooktest.Resolved("A")}, 1,
			[]string{"A firing ops-1", "A resolved ops-3-r1"}, 1},
		"fires again since": {
			with("ops", nil), "A resolved", []alerts.Event{hooktest.Firing("A"), hooktest.Resolved("A"), hooktest.Firing("A")}, 0,
			[]string{"A resolved ops-3", "A firing ops-5-r1"}, 1},
		"fires still": {
			with("ops", nil), "A firing", []alerts.Event{hooktest.Firing("A"), hooktest.Firing("B")}, 0,
			[]string{"A firing ops-1"}, 0},
		"its end is not told": {
			mute, "A firing", []alerts.Event{hooktest.Firing("A"), hooktest.Resolved("A")}, 0,
			[]string{"A firing ops-1"}, 0},
		"another rule has the same alert since": {
			with("ops", nil), "A resolved", []alerts.Event{hooktest.Firing("A"), hooktest.Resolved("A"), ofRule(hooktest.Firing("A"), "fedcba9876543210")}, 0,
			[]string{"A resolved ops-3", "A firing ops-5-r1"}, 1},
		"a group, of which one has ended and one was new": {
			group, "A firing, B firing", []alerts.Event{hooktest.Firing("A"), hooktest.Firing("B"), {}, hooktest.Resolved("A"), hooktest.Firing("C")}, 0,
			[]string{"A firing, B firing ops-2", "A resolved ops-4-r1"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, log *alerts.Log) {
				var refuses sync.Map
				refuses.Store(c.refuses, true)
				f, r, stop := asking(t, log, c.hook, &refuses)
				for _, e := range c.events {
					if e.Kind != "" {
						write(t, log, e)
					}
					if e.Kind == "" || len(c.hook.GroupBy) == 0 {
						after(time.Minute)
					}
				}
				after(time.Minute)
				refuses.Clear()
				before := len(f.seen())
				done, err := r.Retry(t.Context(), "ops", c.seq)
				if err != nil || done.Retried != 1 || done.Followed != c.followed || done.Left != nil {
					t.Errorf("%+v, %v", done, err)
				}
				after(time.Minute)
				hooktest.Equal(t, "calls", f.keys()[before:], c.want)
				hooktest.Equal(t, "letters", letters(t, r, "ops"), nil)
				stop()
				after(time.Second)
				f, _, stop = asking(t, log, c.hook, &refuses)
				after(time.Hour)
				hooktest.Equal(t, "after a start", f.keys(), nil)
				for key := range log.Progress()["ops"] {
					if strings.HasPrefix(key, sealPrefix) || strings.HasPrefix(key, owedPrefix) {
						t.Errorf("%s is left", key)
					}
				}
				stop()
			})
		})
	}
}

// ofRule is the same event of an alert that another rule makes.
func ofRule(e alerts.Event, rule string) alerts.Event {
	e.Rule = rule
	return e
}

// TestRetryOfOne: with a number, what was given up of the same alert after it is
// retried as well, and nothing else.
func TestRetryOfOne(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		var refuses sync.Map
		for _, what := range []string{"A firing", "A resolved", "B firing"} {
			refuses.Store(what, true)
		}
		f, r, stop := asking(t, log, with("ops", nil), &refuses)
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"), hooktest.Resolved("A"))
		after(time.Minute)
		refuses.Clear()
		before := len(f.seen())
		if done, err := r.Retry(t.Context(), "ops", 1); err != nil || done.Retried != 2 || done.Followed != 0 {
			t.Errorf("%+v, %v", done, err)
		}
		after(time.Minute)
		hooktest.Equal(t, "calls", f.keys()[before:], []string{"A firing ops-1", "A resolved ops-3"})
		hooktest.Equal(t, "letters", letters(t, r, "ops"), []string{"B firing 2 1"})
		stop()
	})
}

// TestRetryOfWhatNobodyAnswered: a receiver that knows keys may have had the end of
// an alert already, and so drop it when it comes behind the firing.
func TestRetryOfWhatNobodyAnswered(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		outcome := map[string]send.Outcome{
			"A firing": {Err: errRefused, Permanent: true}, "A resolved": {Err: errRefused, Unanswered: true},
		}
		f := &fake{answer: func(_ context.Context, what string) send.Outcome { return outcome[what] }}
		r, stop := start(t, log, with("ops", f))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Resolved("A"))
		after(time.Minute)
		before := len(f.seen())
		clear(outcome)
		if done, err := r.Retry(t.Context(), "ops", 0); err != nil || done.Retried != 2 || done.Followed != 1 {
			t.Errorf("%+v, %v", done, err)
		}
		after(time.Minute)
		hooktest.Equal(t, "calls", f.keys()[before:], []string{"A firing ops-1", "A resolved ops-2", "A resolved ops-2-r1"})
		stop()
	})
}

// TestRetryLeaves: what cannot be put right stays a dead letter, and it is said why.
func TestRetryLeaves(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		var refuses sync.Map
		refuses.Store("A firing", true)
		disk := &refusing{Log: log}
		l := &expiring{Log: log}
		f, r, stop := asking(t, disk, with("ops", nil), &refuses)
		write(t, log, hooktest.Firing("A"), hooktest.Resolved("A"))
		after(time.Minute)
		refuses.Clear()
		before := len(f.seen())

		disk.refuse.Store(true) // what is to follow cannot be noted
		if done, err := r.Retry(t.Context(), "ops", 0); err != nil || done.Retried != 1 {
			t.Errorf("%+v, %v", done, err)
		}
		after(time.Minute)
		hooktest.Equal(t, "calls while the disk takes nothing", len(f.seen()), before)
		hooktest.Equal(t, "letters", letters(t, r, "ops"), []string{"A firing 1 1"})

		r.Announce([]alerts.Event{hooktest.Firing("A")})
		after(time.Minute)
		done, err := r.Retry(t.Context(), "ops", 0)
		if err != nil || done.Retried != 0 || len(done.Left) != 1 || done.Left[0].Seq != 1 || !strings.Contains(done.Left[0].Reason, "the disk") {
			t.Errorf("%+v, %v", done, err)
		}
		disk.refuse.Store(false)
		stop()

		l.first.Store(log.Last() + 1)
		f, r, stop = asking(t, l, with("ops", nil), &refuses)
		after(time.Minute)
		done, err = r.Retry(t.Context(), "ops", 0)
		if err != nil || done.Retried != 0 || len(done.Left) != 1 || !strings.Contains(done.Left[0].Reason, "no longer keeps") {
			t.Errorf("%+v, %v", done, err)
		}
		hooktest.Equal(t, "calls", f.keys(), nil)
		stop()
	})
}
