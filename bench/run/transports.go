package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"
	"sync"
	"time"

	"monitord/bench/linux"
)

// watched is what every viewer of a transport asks for: some fifty values a second,
// as much as the panels of a page.
const watched = `{__name__=~"node_memory_.+_bytes"}`

// viewer is a way of being told values each second.
type viewer struct {
	name   string
	follow func(ctx context.Context, w *wire) error
}

// viewers are the transports of the stream, and what one does without it.
func viewersOf(address string) []viewer {
	stream := "/api/v1/stream?" + url.Values{"query": {watched}}.Encode()
	return []viewer{
		{"WebSocket", func(ctx context.Context, w *wire) error { return w.webSocket(stream, "") }},
		{"WebSocket, compressed", func(ctx context.Context, w *wire) error {
			return w.webSocket(stream, "Sec-WebSocket-Extensions: permessage-deflate\r\n")
		}},
		{"Server-Sent Events", func(ctx context.Context, w *wire) error { return w.events(stream) }},
		{"long polling", func(ctx context.Context, w *wire) error { return w.polls(ctx, stream+"&wait=30s", 0) }},
		{"polling each second, `wait=0`", func(ctx context.Context, w *wire) error { return w.polls(ctx, stream+"&wait=0", time.Second) }},
		{"`/api/v1/query` each second", func(ctx context.Context, w *wire) error {
			return w.queries(ctx, "/api/v1/query?"+url.Values{"query": {watched}}.Encode(), time.Second)
		}},
	}
}

// transports compares what it costs to be told a value a second, for some viewers
// of one expression: bytes both ways, the daemon's processor time beyond that of a
// daemon beside it that has no viewer, and the delay from the tick's time to the
// arrival.
func transports(ctx context.Context, p plan, t *table) error {
	asked, alone, stop, err := startTwo(ctx, p)
	if err != nil {
		return err
	}
	defer stop()
	if err := sleep(ctx, 10*time.Second); err != nil {
		return err
	}
	t.heading("Transports: %d viewers of one expression, each second, %v; a sample is one value for one viewer", p.viewers, p.counting)
	t.row("", "bytes, processor; delay median, p99", "")
	for _, v := range viewersOf(asked.address) {
		if err := tell(ctx, p, asked, alone, v, t); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	return nil
}

func tell(ctx context.Context, p plan, asked, alone *server, v viewer, t *table) error {
	viewing, leave := context.WithCancel(ctx)
	defer leave()
	var all sync.WaitGroup
	defer all.Wait()
	defer leave()
	wires := make([]*wire, p.viewers)
	faults := make(chan error, p.viewers)
	for i := range wires {
		w := newWire(asked.address)
		wires[i] = w
		begin := time.Duration(rand.Int64N(int64(time.Second))) // those that ask each second do at their own time
		all.Go(func() {
			if sleep(viewing, begin) != nil {
				return
			}
			if err := w.connect(viewing); err == nil {
				err = v.follow(viewing, w)
				if viewing.Err() == nil {
					faults <- fmt.Errorf("a viewer ended: %w", err)
				}
			} else if viewing.Err() == nil {
				faults <- err
			}
			w.close()
		})
	}
	if err := sleep(ctx, 3*time.Second); err != nil {
		return err
	}
	for _, w := range wires {
		w.timed.Store(true)
	}
	before, err := spentOn(asked, alone, wires)
	if err != nil {
		return err
	}
	select {
	case err := <-faults:
		return err
	case <-time.After(p.counting):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := spentOn(asked, alone, wires)
	if err != nil {
		return err
	}
	leave()
	all.Wait()
	samples := float64(after.samples - before.samples)
	if samples == 0 {
		return errNothing
	}
	var delays []float64
	for _, w := range wires {
		delays = append(delays, w.delays...)
	}
	t.row(v.name, fmt.Sprintf("%.0f B, %.2f µs; %.0f, %.0f ms", float64(after.bytes-before.bytes)/samples,
		(after.cpu-before.cpu).Seconds()*1e6/samples, quantile(delays, 0.5), quantile(delays, 0.99)), "")
	return nil
}

// spent is what was used so far.
type spent struct {
	cpu            time.Duration
	bytes, samples int64
}

func spentOn(asked, alone *server, wires []*wire) (spent, error) {
	with, err := linux.CPU(asked.pid())
	if err != nil {
		return spent{}, err
	}
	without, err := linux.CPU(alone.pid())
	if err != nil {
		return spent{}, err
	}
	c := spent{cpu: with - without}
	for _, w := range wires {
		c.bytes += w.bytes.Load()
		c.samples += w.samples.Load()
	}
	return c, nil
}
