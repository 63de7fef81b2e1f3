package main

import (
	"context"
	"fmt"
	"math"
	"time"

	"monitord/bench/linux"
)

// rest measures the daemon while nothing happens but what always does: a tick a
// second, the default rules, and one viewer.
func rest(ctx context.Context, p plan, tools tools, t *table) error {
	s, err := startDaemon(ctx, p, -1, "")
	if err != nil {
		return err
	}
	defer s.stop()
	if err := sleep(ctx, 10*time.Second); err != nil {
		return err
	}
	series, err := query(ctx, s, `count({__name__=~".+"})`)
	if err != nil {
		return err
	}
	rules, err := query(ctx, s, "monitord_rules")
	if err != nil {
		return err
	}
	alone, err := busy(ctx, s, p.rest/2)
	if err != nil {
		return err
	}
	r, err := tools.run(ctx, s, load{path: streamPath(true, viewerQueries...), n: 1, counting: p.rest, cpu: -1, tick: true})
	if err != nil {
		return err
	}
	m, err := leastMemory(ctx, s, 5)
	if err != nil {
		return err
	}
	t.heading("At rest: %.0f series each second, %.0f rules as shipped, one viewer with %d queries open, %v", series, rules, len(viewerQueries), p.rest)
	t.row("processor, one core", fmt.Sprintf("%.2f %%", 100*r.ServerSeconds/r.Seconds), "0.5 % (30 rules)")
	t.row("the same without the viewer", fmt.Sprintf("%.2f %%", 100*alone), "")
	t.row("memory, RssAnon, least of five readings", fmt.Sprintf("%.1f MiB", mib(m.Anon)), "48 MB (30 rules)")
	t.row("memory, all that is resident", fmt.Sprintf("%.1f MiB", mib(m.RSS)), "")
	return nil
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

// busy is the share of one core that a server uses for a while.
func busy(ctx context.Context, s *server, d time.Duration) (float64, error) {
	began := time.Now()
	before, err := linux.CPU(s.pid())
	if err != nil {
		return 0, err
	}
	if err := sleep(ctx, d); err != nil {
		return 0, err
	}
	after, err := linux.CPU(s.pid())
	return float64(after-before) / float64(time.Since(began)), err
}

// leastMemory is the least of some readings, a second apart.
func leastMemory(ctx context.Context, s *server, readings int) (linux.Memory, error) {
	least := linux.Memory{RSS: math.MaxInt64, Anon: math.MaxInt64}
	for range readings {
		if err := sleep(ctx, time.Second); err != nil {
			return least, err
		}
		m, err := linux.MemoryOf(s.pid())
		if err != nil {
			return least, err
		}
		least = linux.Memory{RSS: min(least.RSS, m.RSS), Anon: min(least.Anon, m.Anon)}
	}
	return least, nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
