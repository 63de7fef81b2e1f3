package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"monitord/cmd/monitord/config"
	"monitord/collectors"
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

// A clockWatch follows a query and the alerts while the clock is set.
type clockWatch struct {
	*rawStream
	ticks  int
	last   int64
	gaps   []string // their reasons
	events []string // kind and alert, but for the daemon's own
	own    []string
}

// after reads until so many more ticks have come.
func (w *clockWatch) after(ticks int) {
	w.t.Helper()
	for want := w.ticks + ticks; w.ticks < want; {
		f := w.next()
		var m struct {
			Op, Event, Reason string
			T                 int64
			V                 []any
			Alert             struct{ Labels map[string]string }
		}
		if err := json.Unmarshal(f.Payload, &m); err != nil || f.Header.OpCode != ws.OpText {
			w.t.Fatalf("%v: %v %s", err, f.Header.OpCode, f.Payload)
		}
		switch m.Op {
		case "gap":
			w.gaps = append(w.gaps, m.Reason)
		case "samples":
			w.ticks, w.last = w.ticks+1, m.T
			for _, v := range m.V {
				if rate, ok := v.(float64); !ok || rate < 0 || rate > 1.5 {
					w.t.Errorf("at %d a rate of ticks of %v a second", m.T, v)
				}
			}
		case "alert":
			name := m.Alert.Labels["alertname"]
			if strings.HasPrefix(name, "Monitord") {
				w.own = append(w.own, m.Event+" "+name)
			} else {
				w.events = append(w.events, m.Event+" "+name)
			}
		case "error":
			w.t.Errorf("%s", f.Payload)
		}
	}
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
	w := &clockWatch{rawStream: dialStream(t, d, "query=rate(monitord_ticks_total[10s])&alerts=&after=0")}
	w.after(14)
	before := w.last
	began := time.Now()
	count := func() string {
		return d.query(fmt.Sprintf("count_over_time(up[10s] @ %d)", before/1000), "instance")["test-host"]
	}
	kept := count()

	// For some seconds, out of nowhere: nothing is to be seen of it but an alert.
	clock.by.Store(int64(10 * year))
	w.after(4)
	clock.by.Store(0)
	w.after(4)
	if len(w.gaps) > 0 || w.last-before != 8000 {
		t.Errorf("a clock that came back is followed: gaps %v, %d ms", w.gaps, w.last-before)
	}
	if got := strings.Join(w.own, ", "); got != "firing MonitordClockJumped, resolved MonitordClockJumped" {
		t.Errorf("told of it: %s", got)
	}

	clock.synced.Store(true)
	at := w.last
	for _, by := range []time.Duration{time.Hour, 0, 10 * year, 0, -10 * year, 0} {
		clock.by.Store(int64(by))
		w.after(4)
		if got, want := time.Duration(w.last-at)*time.Millisecond, by; got < want || got > want+time.Minute {
			t.Errorf("set to %v, the ticks are at %v", by, got)
		}
	}
	for len(w.events) == 0 || w.events[len(w.events)-1] != "firing Waits" {
		if time.Since(began) > patience+time.Minute {
			t.Fatal("what waits does not fire")
		}
		w.after(1)
	}
	// Ticks may be half an interval late, and one is left out at a step.
	if waited := time.Since(began) + 13*time.Second; waited < 37*time.Second || waited > 60*time.Second {
		t.Errorf("40 s of `for` took about %v", waited)
	}
	if got := strings.Join(w.events, ", "); got != "firing Steady, pending Waits, firing Between, firing Waits" &&
		got != "firing Steady, firing Between, pending Waits, firing Waits" && got != "firing Between, firing Steady, pending Waits, firing Waits" {
		t.Errorf("events: %s", got)
	}
	for _, reason := range w.gaps {
		if reason != "clock" {
			t.Errorf("a gap because of %s", reason)
		}
	}
	if len(w.gaps) != 6 {
		t.Errorf("%d gaps, want one for each time that the clock was set", len(w.gaps))
	}
	if now := count(); now != kept {
		t.Errorf("%s ticks are stored of the time before, there were %s", now, kept)
	}
}
