package hooks

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/send"
)

// retry has a hook retry, and returns how many deliveries.
func retry(t *testing.T, r *Runner, name string, seq uint64) (int, error) {
	t.Helper()
	done, err := r.Retry(t.Context(), name, seq)
	for _, l := range done.Left {
		t.Errorf("left: %+v", l)
	}
	return done.Retried, err
}

// letters lists the dead letters of a hook, the newest first, as "name status seq attempts".
func letters(t *testing.T, r *Runner, name string) []string {
	t.Helper()
	list, err := r.List(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, l := range list[0].Dead {
		if l.Error != "refused" || l.GivenUp.IsZero() {
			t.Errorf("letter %+v", l)
		}
		all = append(all, fmt.Sprintf("%s %s %d %d", l.Labels["alertname"], l.Status, l.Seq, l.Attempts))
	}
	if len(all) != list[0].DeadTotal {
		t.Errorf("%d letters of %d", len(all), list[0].DeadTotal)
	}
	return all
}

func stateOf(t *testing.T, r *Runner, name string) string {
	t.Helper()
	list, err := r.List(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return list[0].State
}

func TestDeadLetters(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		var refusing atomic.Bool
		refusing.Store(true)
		f := &fake{answer: func(context.Context, string) send.Outcome {
			if refusing.Load() {
				return send.Outcome{Err: errRefused, Permanent: true}
			}
			return send.Outcome{}
		}}
		log, j := openLog(t, dir)
		r, stop := start(t, log, with("ops", f))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"))
		after(time.Minute)
		write(t, log, hooktest.Resolved("A"))
		after(time.Minute)
		want := []string{"A resolved 5 1", "B firing 2 1", "A firing 1 1"}
		if got := letters(t, r, "ops"); got[0] != want[0] || len(got) != 3 {
			t.Errorf("letters %v", got)
		}
		stop()
		j.Close()

		log, j = openLog(t, dir)
		r, stop = start(t, log, with("ops", f))
		after(time.Hour)
		hooktest.Equal(t, "nothing more is tried", len(f.seen()), 3)
		if got := letters(t, r, "ops"); got[0] != want[0] || len(got) != 3 {
			t.Errorf("after a restart: %v", got)
		}
		// One that fails again is as it was; the rest succeeds under the same keys.
		n, err := retry(t, r, "ops", 2)
		hooktest.Equal(t, "retried", n, 1)
		after(time.Minute)
		if got := letters(t, r, "ops"); err != nil || len(got) != 3 || got[0] != "B firing 2 1" {
			t.Errorf("after a retry that failed: %v, %v", got, err)
		}
		hooktest.Equal(t, "state", stateOf(t, r, "ops"), "failing")
		refusing.Store(false)
		if n, err := retry(t, r, "ops", 0); n != 3 || err != nil {
			t.Errorf("retried %d, %v", n, err)
		}
		after(time.Minute)
		if got := letters(t, r, "ops"); len(got) != 0 {
			t.Errorf("left: %v", got)
		}
		hooktest.Equal(t, "state", stateOf(t, r, "ops"), "ok")
		seen := map[string]int{}
		for _, key := range f.keys() {
			seen[key]++
		}
		hooktest.Equal(t, "calls", seen, map[string]int{"A firing ops-1": 2, "B firing ops-2": 3, "A resolved ops-5": 2})
		_, err = retry(t, r, "ops", 2)
		if !errors.Is(err, ErrNoDelivery) {
			t.Errorf("once more: %v", err)
		}
		if _, err := retry(t, r, "nobody", 0); !errors.Is(err, ErrNoHook) || !strings.Contains(err.Error(), `"nobody"`) {
			t.Errorf("no such hook: %v", err)
		}
		stop()
		j.Close()
		log, _ = openLog(t, dir)
		r, stop = start(t, log, with("ops", f))
		after(time.Hour)
		if got := letters(t, r, "ops"); len(got) != 0 || len(f.seen()) != 7 {
			t.Errorf("after it all: %v, %v", got, f.keys())
		}
		stop()
	})
}

// TestRetryKeepsTheOrder: a firing that was given up is told before the resolved
// of its alert, whether that waits or was given up as well.
func TestRetryKeepsTheOrder(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		answers := map[string]send.Outcome{}
		var mu sync.Mutex
		answer := func(what string, o send.Outcome) {
			mu.Lock()
			defer mu.Unlock()
			answers[what] = o
		}
		f := &fake{answer: func(_ context.Context, what string) send.Outcome {
			mu.Lock()
			defer mu.Unlock()
			return answers[what]
		}}
		answer("A firing", send.Outcome{Err: errRefused, Permanent: true})
		answer("A resolved", send.Outcome{Err: errRefused})
		answer("B firing", send.Outcome{Err: errRefused, Permanent: true})
		answer("B resolved", send.Outcome{Err: errRefused, Permanent: true})
		r, stop := start(t, log, with("ops", f))
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"))
		after(time.Minute)
		write(t, log, hooktest.Resolved("A"), hooktest.Resolved("B"))
		after(time.Minute)
		if _, err := retry(t, r, "ops", 2); err != nil { // refused again: the newest letter now
			t.Error(err)
		}
		after(10 * time.Second)
		for what := range answers {
			answer(what, send.Outcome{})
		}
		before := len(f.seen())
		if n, err := retry(t, r, "ops", 0); n != 4 || err != nil {
			t.Errorf("retried %d, %v", n, err)
		}
		after(time.Minute)
		got := map[string][]string{}
		for _, what := range f.whats()[before:] {
			got[what[:1]] = append(got[what[:1]], what)
		}
		hooktest.Equal(t, "calls", got, map[string][]string{"A": {"A firing", "A resolved"}, "B": {"B firing", "B resolved"}})
		stop()
	})
}

// TestDeadGroupAndRepeat: what was delivered together is retried together.
func TestDeadGroupAndRepeat(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		var refusing atomic.Bool
		f := &fake{answer: func(context.Context, string) send.Outcome {
			if refusing.Load() {
				return send.Outcome{Err: errRefused, Permanent: true}
			}
			return send.Outcome{}
		}}
		c := grouping("ops", f)
		c.Repeat = time.Hour
		r, stop := start(t, log, c)
		after(0)
		write(t, log, hooktest.Firing("A"), hooktest.Firing("B"))
		after(time.Minute)
		refusing.Store(true)
		after(time.Hour)
		write(t, log, hooktest.Resolved("A"), hooktest.Resolved("B"))
		after(time.Minute)
		refusing.Store(false)
		if n, err := retry(t, r, "ops", 0); n != 2 || err != nil {
			t.Errorf("retried %d, %v", n, err)
		}
		after(time.Minute)
		keys := f.keys()
		end := keys[2]
		hooktest.Equal(t, "calls", keys[:2], []string{"A firing, B firing ops-2", "A firing, B firing ops-2-r1"})
		if !strings.HasPrefix(end, "A resolved, B resolved ops-") || len(keys) != 5 {
			t.Errorf("calls %v", keys)
		}
		again := map[string]bool{keys[3]: true, keys[4]: true}
		hooktest.Equal(t, "retried", again, map[string]bool{keys[1]: true, end: true})
		stop()
	})
}

func TestDeadLettersAreBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{answer: func(context.Context, string) send.Outcome { return send.Outcome{Err: errRefused, Permanent: true} }}
		r, stop := start(t, log, with("ops", f))
		after(0)
		for i := range 5 {
			var events []alerts.Event
			for k := range maxDead / 4 {
				events = append(events, hooktest.Firing(fmt.Sprint("A", i, "-", k)))
			}
			write(t, log, events...)
			after(time.Minute)
		}
		got := letters(t, r, "ops")
		if len(got) != maxDead || !strings.HasPrefix(got[0], "A4-") || !strings.HasPrefix(got[maxDead-1], "A1-") {
			t.Errorf("%d letters, from %s to %s", len(got), got[0], got[len(got)-1])
		}
		if list, err := r.List(t.Context(), ""); err != nil || len(list[0].Dead) != Few || list[0].DeadTotal != maxDead {
			t.Errorf("a list of all: %v", err)
		}
		stop()
	})
}

// TestListAndRetryWaiting: what waits is shown with why and until when, and can
// be had now.
func TestListAndRetryWaiting(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		var refusing atomic.Bool
		refusing.Store(true)
		f := &fake{answer: func(context.Context, string) send.Outcome {
			if refusing.Load() {
				return send.Outcome{Err: errRefused, RetryAfter: time.Hour}
			}
			return send.Outcome{}
		}}
		r, stop := start(t, log, with("ops", f), with("other", &fake{}))
		after(0)
		begun := time.Now()
		write(t, log, hooktest.Firing("A"), hooktest.Resolved("A"))
		after(time.Minute)
		list, err := r.List(t.Context(), "")
		if err != nil || len(list) != 2 {
			t.Fatal(list, err)
		}
		s := list[0]
		if s.State != "failing" || s.WaitingTotal != 2 || s.Failed != 1 || s.LastError != "refused" || list[1].State != "ok" || list[1].Delivered != 2 {
			t.Errorf("status %+v, %+v", s, list[1])
		}
		first, second := s.Waiting[0], s.Waiting[1]
		if first.Seq != 1 || first.Attempts != 1 || first.Error != "refused" || !first.Next.Equal(begun.Add(time.Hour)) || !first.Failing.Equal(begun) ||
			first.Labels["alertname"] != "A" || first.Status != "firing" || first.Key != log.Epoch()+"-ops-1" {
			t.Errorf("first %+v", first)
		}
		if second.Seq != 2 || second.Next != nil || second.Status != "resolved" || second.Attempts != 0 {
			t.Errorf("second %+v", second)
		}
		refusing.Store(false)
		if n, err := retry(t, r, "ops", 0); n != 1 || err != nil {
			t.Errorf("retried %d, %v", n, err)
		}
		after(time.Second)
		hooktest.Equal(t, "calls", f.whats(), []string{"A firing", "A firing", "A resolved"})
		if list, err := r.List(t.Context(), "ops"); err != nil || len(list) != 1 || list[0].WaitingTotal != 0 || list[0].State != "ok" {
			t.Errorf("after it %+v, %v", list, err)
		}
		if _, err := r.List(t.Context(), "nobody"); !errors.Is(err, ErrNoHook) || !strings.Contains(err.Error(), `"nobody"`) {
			t.Error(err)
		}
		stop()
		if _, err := r.List(t.Context(), ""); err == nil {
			t.Error("a runner that has ended was asked")
		}
	})
}

// TestProbe: a test goes out as the hook is configured, beside what waits, and
// the journal is told nothing.
func TestProbe(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		f := &fake{answer: func(_ context.Context, what string) send.Outcome {
			if strings.HasPrefix(what, testAlert) {
				return send.Outcome{Request: "asked " + what, Answer: "said"}
			}
			return send.Outcome{Err: errRefused}
		}}
		beats := &fake{}
		heart := with("heart", beats)
		heart.Heartbeat = time.Hour
		r, stop := start(t, log, with("ops", f), heart)
		after(0)
		write(t, log, hooktest.Firing("A"))
		after(time.Second)
		before := log.Last()
		res, err := r.Test(t.Context(), "ops", Test{Resolved: true})
		if err != nil || res.Error != "" || res.Request != "asked "+testAlert+" resolved" || res.Answer != "said" {
			t.Errorf("%+v, %v", res, err)
		}
		if res, err := r.Test(t.Context(), "heart", Test{}); err != nil || res.Error != "" {
			t.Errorf("%+v, %v", res, err)
		}
		hooktest.Equal(t, "a heartbeat", beats.whats(), []string{HeartbeatName + " firing"})
		after(0)
		hooktest.Equal(t, "journal", log.Last(), before)
		if _, err := r.Test(t.Context(), "nobody", Test{}); !errors.Is(err, ErrNoHook) || !strings.Contains(err.Error(), `"nobody"`) {
			t.Error(err)
		}
		stop()
	})
	c := DefaultConfig()
	c.Name, c.Type, c.Command = "ops", "exec", []string{"/bin/sh", "-c", "echo $MONITORD_ALERT_SEVERITY; exit 3"}
	res, err := TestAlone(t.Context(), []Config{{Name: "broken"}, c}, "ops", Options{Instance: "web1"}, Test{Severity: "warning"})
	if err != nil || res.Answer != "warning" || res.Error != "exit status 3: warning" || res.Target != "/bin/sh" || !strings.Contains(res.Request, `"test": true`) {
		t.Errorf("%+v, %v", res, err)
	}
	if _, err := TestAlone(t.Context(), []Config{{Name: "broken"}}, "broken", Options{}, Test{}); err == nil {
		t.Error("a broken hook was tested")
	}
}
