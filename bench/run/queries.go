package main

import (
	"context"
	_ "embed"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"monitord/bench/linux"
)

// dashboard is what a wall of node dashboards asks: an expression a line.
//
//go:embed dashboard.promql
var dashboard string

// perConnection keeps the request of a connection within what a daemon reads of it.
const perConnection = 50

// queries measures what the daemon pays for the expressions of a whole wall of
// dashboards, each evaluated once a second for somebody: two daemons run side by
// side, one of them is asked, and the difference is read in the same seconds.
func queries(ctx context.Context, p plan, t *table) error {
	exprs := strings.Split(strings.TrimSpace(dashboard), "\n")
	asked, alone, stop, err := startTwo(ctx, p)
	if err != nil {
		return err
	}
	defer stop()
	if err := sleep(ctx, p.warm); err != nil { // the longest range is full then
		return err
	}

	viewing, leave := context.WithCancel(ctx)
	var viewers sync.WaitGroup
	defer viewers.Wait()
	defer leave()
	var messages, faults atomic.Int64
	var fault atomic.Value
	for first := 0; first < len(exprs); first += perConnection {
		path := "/api/v1/stream?" + url.Values{"query": exprs[first:min(first+perConnection, len(exprs))]}.Encode()
		viewers.Go(func() {
			err := subscribe(viewing, asked, path, func(m arrived) {
				switch m.Op {
				case "samples":
					messages.Add(1)
				case "error":
					faults.Add(1)
					fault.Store("error message for " + m.ID)
				}
			})
			if err != nil {
				faults.Add(1)
				fault.Store(err.Error())
			}
		})
	}
	if err := sleep(ctx, 5*time.Second); err != nil {
		return err
	}
	messages.Store(0)
	var share, idle, others []float64
	for range p.pairs {
		w, err := sideBySide(ctx, asked, alone, p.counting)
		if err != nil {
			return err
		}
		share = append(share, 100*(w.asked-w.alone))
		idle = append(idle, 100*w.alone)
		others = append(others, 100*w.others)
	}
	if faults.Load() > 0 {
		return fmt.Errorf("%d faults, the last: %v; the daemon said: %s", faults.Load(), fault.Load(), asked.said)
	}
	seconds := float64(p.pairs) * p.counting.Seconds()
	t.heading("Standing queries: one viewer, each a second, after %v; %d times %v; two daemons side by side", p.warm, p.pairs, p.counting)
	t.row(fmt.Sprintf("%d dashboard expressions, of one core", len(exprs)), spread(share, "%.2f %%"), "30 %")
	t.row("the daemon without them", spread(idle, "%.2f %%"), "")
	t.row("messages a second at the viewer", fmt.Sprintf("%.0f", float64(messages.Load())/seconds), "")
	t.row("all else on this machine meanwhile, of one core", spread(others, "%.0f %%"), "")
	return nil
}

// window is what two daemons and everything else used in the same seconds, each
// as a share of one processor.
type window struct{ asked, alone, others float64 }

func sideBySide(ctx context.Context, asked, alone *server, d time.Duration) (window, error) {
	read := func() (a, b, all time.Duration, err error) {
		if a, err = linux.CPU(asked.pid()); err != nil {
			return
		}
		if b, err = linux.CPU(alone.pid()); err != nil {
			return
		}
		all, err = linux.Busy()
		return
	}
	began := time.Now()
	a0, b0, all0, err := read()
	if err != nil {
		return window{}, err
	}
	if err := sleep(ctx, d); err != nil {
		return window{}, err
	}
	a1, b1, all1, err := read()
	took := float64(time.Since(began))
	w := window{asked: float64(a1-a0) / took, alone: float64(b1-b0) / took}
	w.others = max(0, float64(all1-all0)/took-w.asked-w.alone)
	return w, err
}
