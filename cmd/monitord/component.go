package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// A component is a long-running part of the daemon: one goroutine that runs
// until it is stopped. Whoever started it stops it and waits for it.
type component struct {
	name   string
	cancel context.CancelFunc
	done   chan struct{}
}

// startComponent runs a part of the daemon. If it ends by itself before it is
// stopped, failed is told why: the daemon does not go on with a part of it dead.
func startComponent(name string, run func(context.Context) error, failed func(error)) *component {
	ctx, cancel := context.WithCancel(context.Background())
	c := &component{name: name, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		err := run(ctx)
		if ctx.Err() == nil {
			if err == nil {
				err = fmt.Errorf("ended by itself")
			}
			failed(fmt.Errorf("%s: %w", name, err))
		}
	}()
	return c
}

// stopAll stops components side by side and waits for all of them.
func stopAll(log *slog.Logger, components ...*component) {
	var wait sync.WaitGroup
	for _, c := range components {
		wait.Go(func() {
			c.cancel()
			<-c.done
			log.Debug("stopped", "part", c.name)
		})
	}
	wait.Wait()
}
