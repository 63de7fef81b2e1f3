package main

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"time"
)

// restarts ends the daemon while a herd follows a query and the alerts, starts it
// again, and reports how the herd came back.
func restarts(ctx context.Context, p plan, tools tools, t *table) error {
	for _, how := range []struct {
		name string
		sig  os.Signal
	}{{"SIGTERM", syscall.SIGTERM}, {"kill -9", syscall.SIGKILL}} {
		r, down, err := restart(ctx, p, tools, how.sig)
		if err != nil {
			return fmt.Errorf("%s: %w", how.name, err)
		}
		t.heading("Restart: %s with %d connections that follow a query and the alerts", how.name, r.Lost)
		t.row("handshakes that failed", fmt.Sprint(r.Refused), "0")
		if r.Refused > 0 {
			t.note("the first: " + r.Reason)
		}
		t.row("all back, resumed and receiving, after the first was lost", fmt.Sprintf("%.1f s", r.Seconds), "10 s")
		t.row("    that have received since", fmt.Sprint(r.Steady), fmt.Sprint(r.Lost))
		t.row("    nobody listened for", fmt.Sprintf("%.1f s", down.Seconds()), "")
		t.row("    the busiest tenth of a second ÷ the mean", fmt.Sprintf("%.1f", r.Busiest), "")
		t.row("    told when to come back", fmt.Sprint(r.Hinted), "")
		t.row("ticks and alerts missing without a word, or twice", fmt.Sprintf("%d, %d", r.Holes, r.Repeats), "0, 0")
	}
	return nil
}

// alternating has an alert begin or end at every tick.
const alternating = `
[[alerts.rules]]
name = "EvenSecond"
expr = 'vector(time()) % 2 < 1'
severity = "info"
`

func restart(ctx context.Context, p plan, tools tools, sig os.Signal) (*resumed, time.Duration, error) {
	s, err := startDaemon(ctx, p, p.serverCPU, alternating)
	if err != nil {
		return nil, 0, err
	}
	defer func() { s.stop() }()
	if err := sleep(ctx, 5*time.Second); err != nil {
		return nil, 0, err
	}
	herd, err := tools.begin(ctx, s, load{
		path: streamPath(true, oneQuery), n: p.herd, counting: 25 * time.Second, cpu: p.herdCPU, tick: true, resume: true,
	})
	if err != nil {
		return nil, 0, err
	}
	defer herd.end()
	if err := herd.open(ctx); err != nil {
		return nil, 0, err
	}
	if err := sleep(ctx, 3*time.Second); err != nil { // each has a tick, and an alert, to resume from
		return nil, 0, err
	}
	began := time.Now()
	if err := s.cmd.Process.Signal(sig); err != nil {
		return nil, 0, err
	}
	<-s.ended
	again, err := s.again(ctx)
	if err != nil {
		return nil, 0, err
	}
	s = again
	down := time.Since(began)
	r, err := herd.wait()
	if err != nil {
		return nil, 0, err
	}
	if r.Resumed == nil || r.Resumed.Lost == 0 {
		return nil, 0, fmt.Errorf("%w: no connection was lost", errNothing)
	}
	return r.Resumed, down, nil
}
