package main

import (
	"context"
	"fmt"
	"time"
)

// subject is a server that is compared with the floor.
type subject struct {
	name     string
	start    func(ctx context.Context) (*server, error)
	path     string
	n        int // connections
	payload  int // of a message; 0: as the first run finds
	every    time.Duration
	tick     bool          // only samples count
	warm     time.Duration // before anything is measured
	idle     bool          // it does something without subscribers, which is taken off
	memory   string        // what a connection may take
	messages int           // of one tick; the floor sends one
}

const oneQuery = `{__name__=~"node_memory_.+"}`

// subjects are the servers of the comparison. Other people's belong here too.
func subjects(p plan) []subject {
	daemon := func(name string, n int, memory string, queries ...string) subject {
		return subject{
			name: name, path: streamPath(false, queries...), n: n, every: time.Second, memory: memory, messages: len(queries),
			tick: true, warm: 5 * time.Second, idle: true,
			start: func(ctx context.Context) (*server, error) { return startDaemon(ctx, p, p.serverCPU, "") },
		}
	}
	return []subject{
		{
			name: "stream/echo", path: "/", n: p.connections, payload: 1024, every: 20 * time.Millisecond,
			start: echo(p, 20*time.Millisecond),
		},
		daemon("monitord, one query", p.connections, "", oneQuery),
		daemon("monitord, one query", p.herd, "200", oneQuery),
		daemon("monitord, four queries", p.herd, "350", oneQuery, "node_load1", "node_load5", "node_load15"),
	}
}

func streaming(ctx context.Context, p plan, tools tools, t *table) error {
	t.heading("Stream: server and herd on a processor each, %d pairs with the floor, median [lowest..highest]", p.pairs)
	for _, s := range subjects(p) {
		if err := compare(ctx, p, tools, t, s); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// cost is what one run found.
type cost struct {
	perMessage float64 // microseconds of the server
	payload    int
	report     herdReport
}

// compare runs a server and the floor in turn.
func compare(ctx context.Context, p plan, tools tools, t *table, s subject) error {
	if s.messages > 1 {
		return remember(ctx, p, tools, t, s)
	}
	var ratios, micros, floors, memory, anon, spreads, delivered []float64
	for pair := range p.pairs {
		var of, base cost
		var err error
		runs := []func() error{
			func() error { of, err = s.measure(ctx, p, tools); return err },
			func() error { base, err = floor(ctx, p, tools, s); return err },
		}
		if pair%2 == 1 { // in turn, so that neither always has the warmer machine
			runs[0], runs[1] = runs[1], runs[0]
		}
		for _, run := range runs {
			if err := run(); err != nil {
				return err
			}
			if s.payload == 0 {
				s.payload = of.payload
			}
		}
		ratios = append(ratios, of.perMessage/base.perMessage)
		micros, floors = append(micros, of.perMessage), append(floors, base.perMessage)
		memory, anon = append(memory, of.report.UserBytes), append(anon, of.report.AnonBytes)
		due := float64(s.n) / s.every.Seconds()
		delivered = append(delivered, 100*of.report.MessageRate/due, 100*base.report.MessageRate/due)
		if of.report.SpreadP50 > 0 && base.report.SpreadP50 > 0 { // of messages that reached all
			spreads = append(spreads, of.report.SpreadP50/base.report.SpreadP50)
		}
	}
	t.heading("%s: %d connections, %d B every %v", s.name, s.n, s.payload, s.every)
	t.row("processor per message ÷ floor", spread(ratios, "%.2f"), "1.10")
	t.row("    µs a message", spread(micros, "%.2f"), "")
	t.row("    µs a message of the floor", spread(floors, "%.2f"), "")
	t.row("    first to last arrival ÷ floor", spread(spreads, "%.2f"), "1.3")
	if least := quantile(delivered, 0); least < 95 {
		t.row("    this machine was too busy: delivered of what was due", fmt.Sprintf("%.0f %% at worst", least), "100 %")
	}
	s.tellMemory(t, memory, anon)
	return nil
}

func (s subject) tellMemory(t *table, memory, anon []float64) {
	t.row("    resident bytes a connection, all included", spread(memory, "%.0f"), s.memory)
	t.row("    anonymous ones", spread(anon, "%.0f"), "")
}

// remember measures the memory of a subject alone.
func remember(ctx context.Context, p plan, tools tools, t *table, s subject) error {
	var memory, anon []float64
	for range p.pairs {
		of, err := s.measure(ctx, p, tools)
		if err != nil {
			return err
		}
		memory, anon = append(memory, of.report.UserBytes), append(anon, of.report.AnonBytes)
	}
	t.heading("%s: %d connections", s.name, s.n)
	s.tellMemory(t, memory, anon)
	return nil
}

func (s subject) measure(ctx context.Context, p plan, tools tools) (cost, error) {
	srv, err := s.start(ctx)
	if err != nil {
		return cost{}, err
	}
	defer srv.stop()
	if err := sleep(ctx, s.warm); err != nil {
		return cost{}, err
	}
	idle := 0.0
	if s.idle {
		if idle, err = busy(ctx, srv, p.counting); err != nil {
			return cost{}, err
		}
	}
	return tools.cost(ctx, srv, p, s, idle)
}

func floor(ctx context.Context, p plan, tools tools, s subject) (cost, error) {
	srv, err := tools.startFloor(p, s.payload, s.every)(ctx)
	if err != nil {
		return cost{}, err
	}
	defer srv.stop()
	s.tick = false
	return tools.cost(ctx, srv, p, s, 0)
}

// cost runs the herd; idle is the share of a core that the server uses anyway.
func (t tools) cost(ctx context.Context, srv *server, p plan, s subject, idle float64) (cost, error) {
	r, err := t.run(ctx, srv, load{
		path: s.path, n: s.n, counting: p.counting, readings: 5, cpu: p.herdCPU, poll: true, tick: s.tick,
	})
	if err != nil {
		return cost{}, err
	}
	c := cost{report: r, payload: int(r.Payload + 0.5)}
	c.perMessage = 1e6 * (r.ServerSeconds - idle*r.Seconds) / float64(r.Messages)
	return c, nil
}
