package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"monitord/cmd/monitord/config"
	"monitord/collectors"
	"monitord/stream/wire"
)

// A movedClock is this host's clock, or a bubble's, moved by a test.
type movedClock struct {
	began  time.Time
	by     atomic.Int64
	synced atomic.Bool
}

func newMovedClock() *movedClock { return &movedClock{began: time.Now()} }

func (c *movedClock) Read() collectors.Reading {
	now := time.Now()
	return collectors.Reading{Wall: now.Round(0).Add(time.Duration(c.by.Load())), Awake: now.Sub(c.began)}
}

func (c *movedClock) Synchronised() bool { return c.synced.Load() }

// hostDaemon runs the daemon in this process, on a clock of the test's.
func hostDaemon(t *testing.T, dir string, clock collectors.Clock) *testDaemon {
	t.Helper()
	d := &testDaemon{t: t, exited: make(chan struct{})}
	src := config.Find(filepath.Join(dir, "monitord.toml"), []string{"127.0.0.1:0"})
	src.Environ = append(src.Environ, withoutDefaults)
	out, in := io.Pipe()
	go func() {
		for lines := bufio.NewScanner(out); lines.Scan(); {
			d.line(lines.Text())
		}
	}()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		defer close(d.exited)
		if err := runDaemon(ctx, src, clock, make(chan os.Signal), in); err != nil {
			t.Error(err)
		}
		in.Close()
	}()
	t.Cleanup(func() {
		cancel()
		<-d.exited
		if t.Failed() {
			t.Logf("what the daemon said:\n%s", d.log())
		}
	})
	select {
	case <-d.exited:
		t.Fatalf("the daemon ended:\n%s", d.log())
	case <-time.After(patience):
		t.Fatalf("the daemon does not listen:\n%s", d.log())
	case <-d.printed("msg=ready"):
	}
	return d
}

// A clockWatch follows queries and the alerts while the clock is set.
type clockWatch struct {
	*rawStream
	clock  uint32 // of which every tick has one message: the subscription to time()
	ticks  int    // taken or left out
	last   int64  // 0: after a step none has come yet
	left   int    // out, by a busy machine
	steps  int    // gaps because of the clock
	events []string
	own    []string         // of the daemon's own alert about the clock
	at     map[string]int64 // by event, when it came last
}

// after reads until so many more ticks have passed.
func (w *clockWatch) after(ticks int) {
	w.t.Helper()
	for want := w.ticks + ticks; w.ticks < want; {
		w.read()
	}
}

// until reads until something has come.
func (w *clockWatch) until(what string, come func() bool) {
	w.t.Helper()
	for begin := time.Now(); !come(); w.read() {
		if time.Since(begin) > 2*patience {
			w.t.Fatalf("still not: %s", what)
		}
	}
}

func (w *clockWatch) read() {
	w.t.Helper()
	f := w.next()
	message, err := wire.Decode(f.Payload)
	if err != nil || f.Header.OpCode != ws.OpText {
		w.t.Fatalf("%v: %v %s", err, f.Header.OpCode, f.Payload)
	}
	switch m := message.(type) {
	case *wire.Subscribed:
		if m.ID == "query=time()" {
			w.clock = m.Sub
		}
	case *wire.Gap:
		switch {
		case m.Reason != wire.Clock && m.Reason != wire.Down:
			w.t.Errorf("a gap because of %s", m.Reason)
		case m.Sub != w.clock:
		case m.Reason == wire.Clock:
			w.steps, w.last = w.steps+1, 0
		default:
			w.tick(m.From, m.To)
			w.left += int(m.Missed)
		}
	case *wire.Samples:
		if m.Sub == w.clock {
			w.tick(m.T, m.T)
			return
		}
		for _, rate := range m.V {
			if !(rate >= 0 && rate <= 1.5) {
				w.t.Errorf("at %d a rate of ticks of %v a second", m.T, rate)
			}
		}
	case *wire.Event:
		name := m.Alert.Labels.Get("alertname")
		what := m.Event + " " + name
		w.at[what] = m.T
		switch {
		case name == "MonitordClockJumped":
			w.own = append(w.own, what)
		case !strings.HasPrefix(name, "Monitord"):
			w.events = append(w.events, what)
		}
	case *wire.Error:
		if !tookTooLong(m) {
			w.t.Errorf("%s", f.Payload)
		} else if m.Sub == w.clock {
			w.tick(m.T, m.T)
		}
	}
}

// tick takes the ticks of these times.
func (w *clockWatch) tick(from, to int64) {
	w.t.Helper()
	if w.last != 0 && from != w.last+1000 {
		w.t.Errorf("the tick %d after %d", from, w.last)
	}
	w.ticks, w.last = w.ticks+int((to-from)/1000)+1, to
}

// tookTooLong says that a query could not be evaluated at a tick for want of time, as
// it happens to any on a machine that stands still for long enough.
func tookTooLong(e *wire.Error) bool {
	return e.Code == wire.QueryFailed && (strings.Contains(e.Message, "max_query_time") || strings.Contains(e.Message, "half of interval"))
}

// The clock of a whole daemon is set ahead and back, by an hour and by ten years.
// Nothing fires or resolves because of it, no rate is wrong, no connection ends,
// `for` goes on by the time that passes, and nothing that was stored is gone.
func TestClockIsSet(t *testing.T) {
	t.Parallel()
	const year = 365 * 24 * time.Hour
	dir := daemonDir(t, `
[collectors.filesystem]
interval = "1s"
[[alerts.rules]]
name = "Steady"
expr = "up == 1"
[[alerts.rules]]
name = "Between"
expr = "count(node_filesystem_size_bytes) > 0"
[[alerts.rules]]
name = "Fast"
expr = "rate(monitord_ticks_total[10s]) > 1.5 or rate(node_cpu_seconds_total[10s]) > 1.5"
every = "1s"
[[alerts.rules]]
name = "Slow"
expr = "rate(monitord_ticks_total[10s]) < 0.5 and monitord_ticks_total > 11"
every = "1s"
[[alerts.rules]]
name = "Waits"
expr = "up == 1"
for = "40s"
`)
	clock := newMovedClock()
	d := hostDaemon(t, dir, clock)
	w := &clockWatch{at: map[string]int64{}, rawStream: dialStream(t, d, "query=time()&query=rate(monitord_ticks_total[10s])&alerts=&after=0")}
	w.after(14)
	before := w.last
	count := func() string {
		return d.query(fmt.Sprintf("count_over_time(up[10s] @ %d)", before/1000), "instance")["test-host"]
	}
	kept := count()

	// For some seconds, out of nowhere: nothing is to be seen of it but an alert.
	clock.by.Store(int64(10 * year))
	w.until("an alert of it", func() bool { return len(w.own) == 1 })
	clock.by.Store(0)
	w.until("the end of that alert", func() bool { return len(w.own) == 2 })
	w.after(2)
	if w.steps > 0 {
		t.Errorf("a clock that came back is followed, %d times", w.steps)
	}
	if got := strings.Join(w.own, ", "); got != "firing MonitordClockJumped, resolved MonitordClockJumped" {
		t.Errorf("told of it: %s", got)
	}

	clock.synced.Store(true)
	at := w.last
	steps := []time.Duration{time.Hour, 0, 10 * year, 0, -10 * year, 0}
	for i, by := range steps {
		clock.by.Store(int64(by))
		w.until("a gap because the clock was set", func() bool { return w.steps > i })
		w.after(3)
		if got, want := time.Duration(w.last-at)*time.Millisecond, by; got < want || got > want+time.Minute {
			t.Errorf("set to %v, the ticks are at %v", by, got)
		}
	}
	w.until("what waits fires", func() bool { return w.at["firing Waits"] != 0 })
	w.after(1)
	// Whatever the clock was set to when it fired. Ticks may be half an interval late,
	// and one is left out at a step.
	waited := time.Duration(w.at["firing Waits"]-w.at["pending Waits"]) * time.Millisecond
	if !slices.ContainsFunc(steps, func(by time.Duration) bool { return waited-by >= 37*time.Second && waited-by <= 75*time.Second }) {
		t.Errorf("40 s of `for` took %v", waited)
	}
	if w.left > 3 { // then ticks may well have been rare
		w.events = slices.DeleteFunc(w.events, func(what string) bool { return strings.HasSuffix(what, " Slow") })
	}
	if got := strings.Join(w.events, ", "); got != "firing Steady, pending Waits, firing Between, firing Waits" &&
		got != "firing Steady, firing Between, pending Waits, firing Waits" && got != "firing Between, firing Steady, pending Waits, firing Waits" {
		t.Errorf("events: %s", got)
	}
	if w.steps != len(steps) {
		t.Errorf("%d gaps, want one for each time that the clock was set", w.steps)
	}
	if now := count(); now != kept {
		t.Errorf("%s ticks are stored of the time before, there were %s", now, kept)
	}
}
