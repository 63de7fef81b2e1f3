package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"monitord/bench/linux"
)

// echo starts stream/echo with a broadcast of 1 KiB and more arguments.
func echo(p plan, every time.Duration, more ...string) func(context.Context) (*server, error) {
	return func(ctx context.Context) (*server, error) {
		return start(ctx, "echo", p.echo, p.serverCPU, func(at string) []string {
			return append([]string{"-listen", at, "-broadcast", "1024", "-every", every.String()}, more...)
		})
	}
}

// scale measures what must not grow with the number of connections, topics and
// messages: each figure is a ratio of two servers that are measured in turn.
func scale(ctx context.Context, p plan, tools tools, t *table) error {
	t.heading("Scale: stream/echo, 1 KiB, %d pairs, median [lowest..highest]", p.pairs)
	if err := flat(ctx, p, tools, t); err != nil {
		return err
	}
	against := func(what, target string, one, other func(context.Context) (*server, error), n int) error {
		var ratios []float64
		for pair := range p.pairs {
			costs, err := inTurn(pair,
				func() (cost, error) { return tools.against(ctx, p, one, n) },
				func() (cost, error) { return tools.against(ctx, p, other, n) })
			if err != nil {
				return err
			}
			ratios = append(ratios, costs[0].perMessage/costs[1].perMessage)
		}
		t.row(what, spread(ratios, "%.2f"), target)
		return nil
	}
	const tick = 100 * time.Millisecond
	if err := against("four messages of one tick ÷ four ticks with one", "0.35",
		echo(p, 4*tick, "-topics", "4", "-follow", "4"), echo(p, tick), p.connections); err != nil {
		return err
	}
	if err := against("1,000 topics with 10 connections each ÷ one with 10,000", "1.1",
		echo(p, time.Second, "-topics", "1000"), echo(p, time.Second), min(10_000, p.herd)); err != nil {
		return err
	}
	return idle(ctx, p, tools, t)
}

// inTurn runs two measurements, every other time the second one first, so that
// neither always has the warmer machine.
func inTurn(round int, runs ...func() (cost, error)) ([]cost, error) {
	costs := make([]cost, len(runs))
	for i := range runs {
		k := (i + round) % len(runs)
		var err error
		if costs[k], err = runs[k](); err != nil {
			return nil, err
		}
	}
	return costs, nil
}

// against runs the herd against a server that broadcasts and does nothing else.
func (t tools) against(ctx context.Context, p plan, start func(context.Context) (*server, error), n int) (cost, error) {
	srv, err := start(ctx)
	if err != nil {
		return cost{}, err
	}
	defer srv.stop()
	return t.cost(ctx, srv, p, subject{path: "/", n: n}, 0)
}

// flat compares a few connections that get much with many that get little.
func flat(ctx context.Context, p plan, tools tools, t *table) error {
	const few, often = 1000, 50 * time.Millisecond
	sizes := []struct {
		n     int
		every time.Duration
	}{{few, often}, {p.herd, time.Second}}
	var ratios [2][]float64
	for pair := range p.pairs {
		for i, size := range sizes {
			costs, err := inTurn(pair,
				func() (cost, error) { return tools.against(ctx, p, echo(p, size.every), size.n) },
				func() (cost, error) { return tools.against(ctx, p, tools.startFloor(p, 1024, size.every), size.n) })
			if err != nil {
				return err
			}
			ratios[i] = append(ratios[i], costs[0].perMessage/costs[1].perMessage)
		}
	}
	for i, size := range sizes {
		t.row(fmt.Sprintf("%d connections, every %v: processor per message ÷ floor", size.n, size.every), spread(ratios[i], "%.2f"), "1.10")
	}
	t.row("    the second ÷ the first", fmt.Sprintf("%.2f", quantile(ratios[1], 0.5)/quantile(ratios[0], 0.5)), "1.0")
	return nil
}

func (t tools) startFloor(p plan, payload int, every time.Duration) func(context.Context) (*server, error) {
	return func(ctx context.Context) (*server, error) {
		return start(ctx, "floor", t.floor, p.serverCPU, func(at string) []string {
			return []string{"-listen", at, "-payload", strconv.Itoa(payload), "-every", every.String()}
		})
	}
}

// idle measures what a herd costs that is told nothing: without pings, with them,
// and for comparison a server to which nobody is connected.
func idle(ctx context.Context, p plan, tools tools, t *table) error {
	const watched = 20 * time.Second
	for _, c := range []struct {
		what, ping, target string
		n                  int
	}{
		{"idle: nobody connected, processor of one core", "1h", "", 1},
		{fmt.Sprintf("idle: %d connections between pings", p.herd), "1h", "as nobody", p.herd},
		{fmt.Sprintf("idle: %d connections pinged every 12.5s", p.herd), "25s", "", p.herd},
	} {
		srv, err := start(ctx, "echo", p.echo, p.serverCPU, func(at string) []string { return []string{"-listen", at, "-ping", c.ping} })
		if err != nil {
			return err
		}
		percent, err := tools.idle(ctx, srv, p, c.n, watched)
		srv.stop()
		if err != nil {
			return err
		}
		t.row(c.what, fmt.Sprintf("%.3f %%", percent), c.target)
	}
	return nil
}

func (t tools) idle(ctx context.Context, srv *server, p plan, n int, watched time.Duration) (float64, error) {
	herd, err := t.begin(ctx, srv, load{path: "/", n: n, counting: watched + 10*time.Second, cpu: p.herdCPU, resume: true})
	if err != nil {
		return 0, err
	}
	defer herd.end()
	if err := herd.open(ctx); err != nil {
		return 0, err
	}
	if err := sleep(ctx, 2*time.Second); err != nil {
		return 0, err
	}
	before, err := linux.CPU(srv.pid())
	if err != nil {
		return 0, err
	}
	if err := sleep(ctx, watched); err != nil {
		return 0, err
	}
	after, err := linux.CPU(srv.pid())
	return 100 * float64(after-before) / float64(watched), err
}
