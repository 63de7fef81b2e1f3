package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// plan is what is to be measured, and for how long.
type plan struct {
	monitord, echo string // binaries
	only           string
	connections    int
	viewers        int
	herd           int
	pairs          int
	counting       time.Duration // of a run of the herd
	rest           time.Duration
	delay          time.Duration
	warm           time.Duration // before standing queries are measured
	settle         time.Duration // after the last handshake of TLS
	serverCPU      int           // processors that server and herd are pinned to
	herdCPU        int
	dir            string // for everything that is written
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == stampCommand {
		os.Exit(stamp(os.Args[2], time.Now()))
	}
	var p plan
	quick := flag.Bool("quick", false, "one pair and short times: a look, not a measurement")
	flag.StringVar(&p.monitord, "monitord", "../bin/monitord", "the daemon's `binary`")
	flag.StringVar(&p.echo, "echo", "../bin/echo", "`binary` of stream/echo")
	flag.StringVar(&p.only, "only", "", "comma-separated `parts`: rest, stream, peers, scale, restart, delay, queries, transports, tls; empty: all")
	flag.IntVar(&p.connections, "n", 2000, "connections")
	flag.IntVar(&p.herd, "herd", 19_000, "connections where many are wanted; a process may open 20,000 files in many places")
	flag.IntVar(&p.viewers, "viewers", 200, "`viewers` of each transport")
	flag.IntVar(&p.pairs, "pairs", 3, "pairs of runs with the floor")
	flag.DurationVar(&p.counting, "for", 5*time.Second, "counting time of one run")
	flag.DurationVar(&p.rest, "rest", time.Minute, "time at rest")
	flag.DurationVar(&p.delay, "delay", 2*time.Minute, "time to collect delays; there is an alert a second")
	flag.DurationVar(&p.warm, "warm", 5*time.Minute, "how long the daemon samples before standing queries are measured: their longest range is 5m")
	flag.DurationVar(&p.settle, "settle", time.Minute, "time between the last handshake of TLS and reading the server's memory")
	flag.StringVar(&p.dir, "dir", "", "`folder` for the daemon's data, whose disk is measured; empty: the system's for temporary files")
	flag.IntVar(&p.serverCPU, "server-cpu", 0, "`processor` of the server, -1: any")
	flag.IntVar(&p.herdCPU, "herd-cpu", 1, "`processor` of the herd, -1: any")
	flag.Parse()
	if *quick {
		p.shorten()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, p); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// shorten makes a look of a measurement, except for what was given.
func (p *plan) shorten() {
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if !given["pairs"] {
		p.pairs = 1
	}
	for name, d := range map[string]struct {
		field *time.Duration
		short time.Duration
	}{
		"for": {&p.counting, 5 * time.Second}, "rest": {&p.rest, 15 * time.Second}, "delay": {&p.delay, 20 * time.Second},
		"warm": {&p.warm, 15 * time.Second}, "settle": {&p.settle, 15 * time.Second},
	} {
		if !given[name] {
			*d.field = d.short
		}
	}
}

func run(ctx context.Context, p plan) error {
	dir, err := os.MkdirTemp(p.dir, "monitord-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if p.dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	tools, err := build(ctx, p.dir)
	if err != nil {
		return err
	}
	t := newTable(os.Stdout)
	t.machine()
	parts := []struct {
		name string
		run  func() error
	}{
		{"rest", func() error { return rest(ctx, p, tools, t) }},
		{"stream", func() error { return streaming(ctx, p, tools, t) }},
		{"peers", func() error { return peers(ctx, p, tools, t) }},
		{"scale", func() error { return scale(ctx, p, tools, t) }},
		{"restart", func() error { return restarts(ctx, p, tools, t) }},
		{"delay", func() error { return delays(ctx, p, t) }},
		{"queries", func() error { return queries(ctx, p, t) }},
		{"transports", func() error { return transports(ctx, p, t) }},
		{"tls", func() error { return secured(ctx, p, t) }},
	}
	for _, part := range parts {
		if p.only != "" && !strings.Contains(","+p.only+",", ","+part.name+",") {
			continue
		}
		if err := part.run(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	return ctx.Err()
}
