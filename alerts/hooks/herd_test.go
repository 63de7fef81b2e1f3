package hooks

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/message"
	"monitord/alerts/hooks/send"
)

// herd is hooks whose programs hang, leave children that hang, ignore signals,
// fork and flood, by turns. Their groups are in the file pids.
func herd(t *testing.T, n int, limit time.Duration, all *counting) (hooks []compiled, pids string) {
	t.Helper()
	pids = filepath.Join(t.TempDir(), "pids")
	head := "echo $$ >> " + pids + "\n"
	var scripts []sender
	for _, text := range []string{
		"sleep 1000", "sleep 1000 & sleep 1000 & wait", "yes", "trap '' TERM; yes & yes", "trap '' TERM INT HUP; while :; do sleep 1000; done",
		"fork() { (trap '' TERM; sleep 1000) & }; fork; fork; fork; fork; wait",
	} {
		scripts = append(scripts, send.NewExec([]string{hooktest.Script(t, head+text)}, "web1"))
	}
	for i := range n {
		h := with(fmt.Sprint("h", i), passing{scripts[i%len(scripts)], &counting{}, all})
		h.Timeout, h.GiveUp = limit, 0
		hooks = append(hooks, h)
	}
	return hooks, pids
}

// TestThousandHooks: hooks that hang, fork and flood (a thousand with the build
// tag torture) are killed as a group within their time limit and a second, never
// more than the cap run at once, none is left as a zombie, and each has its turn.
func TestThousandHooks(t *testing.T) {
	const limit = 100 * time.Millisecond
	all := &counting{}
	hooks, pids := herd(t, herdHooks, limit, all)
	log, _ := openLog(t, t.TempDir())
	r, stop := start(t, log, hooks...)
	write(t, log, hooktest.Firing("A"), hooktest.Firing("B"))
	deadline := time.After(5 * time.Minute)
	for n := 0; n < 2*len(hooks); {
		changed := log.Changed()
		for _, s := range r.Stats() {
			if s.Running > 4 {
				t.Errorf("hook %s runs %d", s.Name, s.Running)
			}
		}
		if n = givenUp(t, log); n == 2*len(hooks) {
			break
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("%d of %d were given up", n, 2*len(hooks))
		}
	}
	stop()
	if n := all.most.Load(); n > maxRunning || n < maxRunning/2 {
		t.Errorf("%d at once", n)
	}
	for _, h := range hooks {
		if n := h.sender.(passing).own.most.Load(); n > 4 || n == 0 {
			t.Errorf("%d of one hook at once", n)
		}
	}
	longest := time.Duration(all.longest.Load())
	t.Logf("the longest of %d attempts took %v, with a limit of %v", 2*len(hooks), longest, limit)
	if longest > limit+herdSlack {
		t.Errorf("an attempt took %v", longest)
	}
	hooktest.NoGroup(t, pids)
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}

func givenUp(t *testing.T, log *alerts.Log) int {
	t.Helper()
	n := 0
	for _, e := range all(t, log) {
		if e.Delivery != nil && e.Delivery.GivenUp {
			n++
		}
	}
	return n
}

// TestHangingHookDelaysNobody: with one hook that hangs for good on everything,
// another delivers each alert at once.
func TestHangingHookDelaysNobody(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		hang := &fake{answer: func(ctx context.Context, _ string) send.Outcome {
			<-ctx.Done()
			return send.Outcome{Err: errRefused}
		}}
		quick := &fake{}
		_, stop := start(t, log, with("hang", hang), with("quick", quick))
		after(0)
		for i := range 200 {
			write(t, log, hooktest.Firing(fmt.Sprint("A", i)))
			begun := time.Now()
			after(0)
			calls := quick.seen()
			if len(calls) != i+1 || !calls[i].at.Equal(begun) {
				t.Fatalf("alert %d: %d deliveries", i, len(calls))
			}
			after(time.Second)
		}
		stop()
		if hang.most > 4 {
			t.Errorf("%d hang at once", hang.most)
		}
	})
}

// TestNetworkAwayForAnHour: what happens meanwhile is delivered when it is back,
// all of it, in order for each alert, soon, under keys that were never changed;
// memory does not grow with what waits beyond a bound.
func TestNetworkAwayForAnHour(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		var away atomic.Bool
		away.Store(true)
		f := &fake{answer: func(context.Context, string) send.Outcome {
			if away.Load() {
				return send.Outcome{Err: errRefused}
			}
			return send.Outcome{}
		}}
		c := with("ops", f)
		other := with("other", &fake{})
		r, stop := start(t, log, c, other)
		after(0)
		want := map[string][]string{}
		for minute := range 60 {
			var events []alerts.Event
			for i := range 40 {
				name := fmt.Sprint("A", i)
				e := hooktest.Firing(name)
				if minute%2 == 1 {
					e = hooktest.Resolved(name)
				}
				events = append(events, e)
				want[name] = append(want[name], whatOfEvent(&e))
			}
			write(t, log, events...)
			after(time.Minute)
		}
		s := r.Stats()
		if s[0].Waiting != 2400 || s[1].Waiting != 0 || s[0].Delivered != 0 {
			t.Errorf("stats %+v", s)
		}
		away.Store(false)
		tried := len(f.seen())
		after(10 * time.Minute)
		got := map[string][]string{}
		keys := map[string]bool{}
		for _, c := range f.seen()[tried:] {
			name, _, _ := strings.Cut(c.what, " ")
			got[name] = append(got[name], c.what)
			keys[c.key] = true
		}
		hooktest.Equal(t, "deliveries", got, want)
		if len(keys) != 2400 {
			t.Errorf("%d keys of 2400 deliveries", len(keys))
		}
		if s := r.Stats(); s[0].Waiting != 0 || s[0].GivenUp != 0 {
			t.Errorf("stats %+v", s[0])
		}
		stop()
	})
}

func whatOfEvent(e *alerts.Event) string {
	return e.Alert.Labels.Get("alertname") + " " + message.Status(e)
}

// TestWaitingIsBounded: a hook that has its share waiting reads on only when it
// has delivered; the journal keeps the rest, and nothing is lost.
func TestWaitingIsBounded(t *testing.T) {
	inBubble(t, func(t *testing.T, log *alerts.Log) {
		var away atomic.Bool
		away.Store(true)
		f := &fake{answer: func(context.Context, string) send.Outcome {
			if away.Load() {
				return send.Outcome{Err: errRefused}
			}
			return send.Outcome{}
		}}
		r, stop := start(t, log, with("ops", f))
		after(0)
		if err := r.ask(t.Context(), func() { r.hooks[0].share = shareOf(maxHooks) }); err != nil {
			t.Fatal(err)
		}
		const n = 4 * minWaiting
		var events []alerts.Event
		for i := range n {
			events = append(events, hooktest.Firing(fmt.Sprint("A", i)))
		}
		write(t, log, events...)
		after(time.Minute)
		if w := r.Stats()[0].Waiting; w < minWaiting || w > minWaiting+pageEvents {
			t.Errorf("%d wait", w)
		}
		away.Store(false)
		after(time.Hour)
		if s := r.Stats()[0]; s.Delivered != n || s.Waiting != 0 {
			t.Errorf("%d of %d delivered, %d wait", s.Delivered, n, s.Waiting)
		}
		stop()
	})
}

// counting knows how many attempts run at once, and how long the longest took.
type counting struct {
	now, most atomic.Int64
	longest   atomic.Int64
}

func (c *counting) count(attempt func() send.Outcome) send.Outcome {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	begun := time.Now()
	o := attempt()
	took := int64(time.Since(begun))
	for longest := c.longest.Load(); took > longest && !c.longest.CompareAndSwap(longest, took); longest = c.longest.Load() {
	}
	return o
}

// passing counts an attempt for its hook and for all of them.
type passing struct {
	sender
	own, all *counting
}

func (p passing) Send(ctx context.Context, m *message.Message) send.Outcome {
	return p.all.count(func() send.Outcome {
		return p.own.count(func() send.Outcome { return p.sender.Send(ctx, m) })
	})
}
