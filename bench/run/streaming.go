package main

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// subject is a server that is compared with the floor.
type subject struct {
	name    string
	start   func(ctx context.Context) (*server, error)
	path    string
	payload int // of a message; 0: as the first run finds
	every   time.Duration
	tick    bool          // only samples count
	warm    time.Duration // before anything is measured
	idle    bool          // it does something without subscribers, which is taken off
}

// subjects are the servers of the comparison. Other people's belong here too.
func subjects(p plan) []subject {
	return []subject{
		{
			name: "stream/echo", path: "/", payload: 1024, every: 20 * time.Millisecond,
			start: func(ctx context.Context) (*server, error) {
				return start(ctx, "echo", p.echo, p.serverCPU, func(at string) []string {
					return []string{"-listen", at, "-broadcast", "1024", "-every", "20ms"}
				})
			},
		},
		{
			name: "monitord, one query", path: streamPath(false, `{__name__=~"node_memory_.+"}`), every: time.Second,
			tick: true, warm: 5 * time.Second, idle: true,
			start: func(ctx context.Context) (*server, error) { return startDaemon(ctx, p, p.serverCPU, "") },
		},
	}
}

func streaming(ctx context.Context, p plan, tools tools, t *table) error {
	t.heading("Stream: %d connections, server and herd on a processor each, %d pairs with the floor, median [lowest..highest]", p.connections, p.pairs)
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
	var ratios, micros, floors, memory, spreads, delivered []float64
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
		memory = append(memory, of.report.UserBytes)
		due := float64(p.connections) / s.every.Seconds()
		delivered = append(delivered, 100*of.report.MessageRate/due, 100*base.report.MessageRate/due)
		if of.report.SpreadP50 > 0 && base.report.SpreadP50 > 0 { // of messages that reached all
			spreads = append(spreads, of.report.SpreadP50/base.report.SpreadP50)
		}
	}
	what := fmt.Sprintf("%s, %d B every %v: ", s.name, s.payload, s.every)
	t.row(what+"processor ÷ floor", spread(ratios, "%.2f"), "1.10")
	t.row("    µs a message", spread(micros, "%.2f"), "")
	t.row("    µs a message of the floor", spread(floors, "%.2f"), "")
	t.row("    first to last arrival ÷ floor", spread(spreads, "%.2f"), "1.3")
	if least := quantile(delivered, 0); least < 95 {
		t.row("    this machine was too busy: delivered of what was due", fmt.Sprintf("%.0f %% at worst", least), "100 %")
	}
	t.row("    resident bytes a connection, all included", spread(memory, "%.0f"), "200 at 19000 connections")
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
	srv, err := start(ctx, "floor", tools.floor, p.serverCPU, func(at string) []string {
		return []string{"-listen", at, "-payload", strconv.Itoa(s.payload), "-every", s.every.String()}
	})
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
		path: s.path, n: p.connections, counting: p.counting, readings: 5, cpu: p.herdCPU, poll: true, tick: s.tick,
	})
	if err != nil {
		return cost{}, err
	}
	c := cost{report: r, payload: int(r.Payload + 0.5)}
	c.perMessage = 1e6 * (r.ServerSeconds - idle*r.Seconds) / float64(r.Messages)
	return c, nil
}
