package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// others are the servers made with other people's libraries, each a folder of
// bench/peers.
var others = []string{"gobwas", "gorilla", "gws", "coder"}

// contestant is one line of the comparison.
type contestant struct {
	name  string
	start func(context.Context, time.Duration) (*server, error) // with a broadcast every so often
	path  string
	tick  bool
	warm  time.Duration

	memory, handshakes, few, many, spreads []float64
}

// peers compares monitord, the floor and servers made with other libraries: all in
// one run, as ratios to the floor of the same round.
func peers(ctx context.Context, p plan, tools tools, t *table) error {
	simple := func(name, program string, size string) contestant {
		return contestant{name: name, path: "/", start: func(ctx context.Context, every time.Duration) (*server, error) {
			return start(ctx, name, program, p.serverCPU, func(at string) []string {
				return []string{"-listen", at, size, "1024", "-every", every.String()}
			})
		}}
	}
	all := []contestant{
		simple("floor", tools.floor, "-payload"),
		simple("stream/echo", p.echo, "-broadcast"),
		{
			name: "monitord", path: streamPath(false, oneQuery), tick: true, warm: 5 * time.Second,
			start: func(ctx context.Context, _ time.Duration) (*server, error) {
				return startDaemon(ctx, p, p.serverCPU, "")
			},
		},
	}
	for _, name := range others {
		all = append(all, simple(name, filepath.Join(tools.dir, name), "-payload"))
	}
	if err := handshakes(ctx, p, tools, all); err != nil {
		return err
	}
	for round := range p.pairs {
		if err := broadcasts(ctx, p, tools, all, round); err != nil {
			return err
		}
	}
	t.heading("Beside others: medians of %d rounds; handshake and processor per message ÷ floor (lowest..highest)", p.pairs)
	fmt.Fprintf(t.w, "  %-12s %12s %18s %22s %24s %14s\n", "", "memory of", "handshake", "message,", "message,", "first to last")
	fmt.Fprintf(t.w, "  %-12s %12s %18s %22s %24s %14s\n", "", "a connection", "", fmt.Sprintf("%d every 20ms", p.connections), fmt.Sprintf("%d every 1s", p.herd), "÷ floor")
	for _, c := range all {
		fmt.Fprintf(t.w, "  %-12s %10s B %18s %22s %24s %14s\n", c.name, whole(c.memory),
			ratio(c.handshakes, all[0].handshakes), ratio(c.few, all[0].few), ratio(c.many, all[0].many), ratio(c.spreads, all[0].spreads))
	}
	t.note("monitord follows one query; its message has not 1,024 bytes but what node_memory_.+ takes, and comes once a second")
	t.row("monitord and stream/echo: handshake ÷ floor", ratio(all[2].handshakes, all[0].handshakes)+", "+ratio(all[1].handshakes, all[0].handshakes), "1.25")
	return nil
}

// handshakes opens connections at every server in turn, all of which run but do
// nothing meanwhile: connections without a subscription, no broadcast.
func handshakes(ctx context.Context, p plan, tools tools, all []contestant) error {
	servers := make([]*server, len(all))
	for i := range all {
		var err error
		if servers[i], err = all[i].start(ctx, time.Hour); err != nil {
			return err
		}
		defer servers[i].stop()
	}
	if err := sleep(ctx, 5*time.Second); err != nil {
		return err
	}
	for round := range 2 * p.pairs {
		for i := range all {
			c := &all[(i+round)%len(all)]
			path := "/"
			if c.tick {
				path = "/api/v1/stream"
			}
			r, err := tools.run(ctx, servers[(i+round)%len(all)], load{path: path, n: min(5000, p.herd), cpu: p.herdCPU, silent: true})
			if err != nil {
				return err
			}
			c.handshakes = append(c.handshakes, r.ConnectCPU)
			if err := sleep(ctx, time.Second); err != nil { // they go as well
				return err
			}
		}
	}
	return nil
}

// broadcasts is one round: few connections that get much, then many.
func broadcasts(ctx context.Context, p plan, tools tools, all []contestant, round int) error {
	for i := range all {
		c := &all[(i+round)%len(all)]
		if !c.tick {
			few, err := tools.broadcast(ctx, p, c, p.connections, 20*time.Millisecond)
			if err != nil {
				return err
			}
			c.few = append(c.few, few.perMessage)
		}
		many, err := tools.broadcast(ctx, p, c, p.herd, time.Second)
		if err != nil {
			return err
		}
		c.many = append(c.many, many.perMessage)
		c.memory = append(c.memory, many.report.UserBytes)
		if many.report.SpreadP50 > 0 {
			c.spreads = append(c.spreads, many.report.SpreadP50)
		}
	}
	return nil
}

func (t tools) broadcast(ctx context.Context, p plan, c *contestant, n int, every time.Duration) (cost, error) {
	srv, err := c.start(ctx, every)
	if err != nil {
		return cost{}, err
	}
	defer srv.stop()
	idle := 0.0
	if c.warm > 0 {
		if err := sleep(ctx, c.warm); err != nil {
			return cost{}, err
		}
		if idle, err = busy(ctx, srv, p.counting); err != nil {
			return cost{}, err
		}
	}
	return t.cost(ctx, srv, p, subject{path: c.path, n: n, tick: c.tick}, idle)
}

// ratio writes the median of values ÷ base, round by round.
func ratio(values, base []float64) string {
	n := min(len(values), len(base))
	if n == 0 {
		return "-"
	}
	ratios := make([]float64, n)
	for i := range n {
		ratios[i] = values[i] / base[i]
	}
	if n == 1 {
		return fmt.Sprintf("%.2f", ratios[0])
	}
	return fmt.Sprintf("%.2f (%.2f..%.2f)", quantile(ratios, 0.5), quantile(ratios, 0), quantile(ratios, 1))
}

func whole(values []float64) string {
	if len(values) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.0f", quantile(append([]float64(nil), values...), 0.5))
}
