package client

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"monitord/stream/wire"
)

// Client is a set of subscriptions that outlives connections. Make it with [New].
// It is not safe for concurrent use, and runs once: its positions are those where
// Run ended, from which another Run goes on.
type Client struct {
	options Options
	tracks  []*track
}

// New returns a Client for subscriptions, each with an ID of its own. From, After
// and Epoch of a request say where the first connection begins.
func New(o Options, subscriptions ...wire.Request) (*Client, error) {
	c := &Client{options: o.withDefaults()}
	if _, err := parseAddress(c.options.URL); err != nil {
		return nil, err
	}
	seen := make(map[string]bool, len(subscriptions))
	for _, r := range subscriptions {
		switch {
		case r.ID == "" || len(r.ID) > wire.MaxID:
			return nil, fmt.Errorf("subscription to %s %.40q: its id has %d bytes, must have 1 to %d", r.Kind, r.Expr, len(r.ID), wire.MaxID)
		case seen[r.ID]:
			return nil, fmt.Errorf("two subscriptions have the id %q", r.ID)
		case len(r.Expr) > wire.MaxExpr:
			return nil, fmt.Errorf("subscription %q: has %d bytes, may have %d", r.ID, len(r.Expr), wire.MaxExpr)
		}
		seen[r.ID] = true
		c.tracks = append(c.tracks, newTrack(r))
	}
	return c, nil
}

// handlerError carries the error of the caller's function past the connection's.
type handlerError struct{ err error }

func (e *handlerError) Error() string { return e.err.Error() }

// Run follows the stream until ctx is done (its error is returned), handle
// returns an error (which is returned; nil for [ErrStop]), the first attempt to
// connect fails, or coming back is of no use. handle is called from this
// goroutine and may take its time.
func (c *Client) Run(ctx context.Context, handle func(Item) error) error {
	guarded := func(i Item) error {
		if err := handle(i); err != nil {
			return &handlerError{err}
		}
		return nil
	}
	var pause backoff
	connected := false
	for {
		began := time.Now()
		conn, err := Dial(ctx, c.options)
		if err == nil {
			connected = true
			err = c.follow(ctx, conn, guarded)
		}
		if stop, result := ended(ctx, err); stop {
			return result
		}
		if !connected || final(err) {
			return err
		}
		wait := pause.wait(time.Since(began), retryAfter(err))
		if stop, result := ended(ctx, guarded(Item{Lost: err, Retry: wait})); stop {
			return result
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
	}
}

// ended tells whether Run is over for a reason that is not the connection's.
func ended(ctx context.Context, err error) (bool, error) {
	var handler *handlerError
	switch {
	case errors.As(err, &handler):
		if errors.Is(handler.err, ErrStop) {
			return true, nil
		}
		return true, handler.err
	case ctx.Err() != nil:
		return true, context.Cause(ctx)
	}
	return false, nil
}

// follow subscribes and hands over until the connection ends.
func (c *Client) follow(ctx context.Context, conn *Conn, handle func(Item) error) error {
	s := &session{
		tracks:  make(map[string]*track, len(c.tracks)),
		subs:    make(map[uint32]*track, len(c.tracks)),
		columns: make(map[uint32]columns, len(c.tracks)),
		handle:  handle,
	}
	requests := make([]wire.Request, 0, len(c.tracks)+1)
	for _, t := range c.tracks {
		s.tracks[t.request.ID] = t
		requests = append(requests, t.next())
	}
	requests = append(requests, wire.Request{Op: wire.OpPing, T: time.Now().UnixMilli()})

	var others sync.WaitGroup
	others.Go(func() { ask(conn, requests) })
	ending, end := context.WithCancel(ctx)
	others.Go(func() {
		<-ending.Done()
		conn.Close()
	})
	defer func() {
		end()
		others.Wait()
		for _, t := range c.tracks {
			t.lost()
		}
	}()
	for {
		raw, err := conn.ReadRaw()
		if err != nil {
			return err
		}
		m, err := wire.Decode(raw)
		if err != nil {
			return conn.violated(&protocolError{ws.StatusInvalidFramePayloadData, err.Error()})
		}
		if m == nil {
			continue
		}
		err = s.take(m, raw)
		var violation *protocolError
		if errors.As(err, &violation) {
			return conn.violated(violation)
		}
		if err != nil {
			return err
		}
	}
}

// ask sends what is asked for beside the reader: a server that waits for its
// answers to be taken does not read.
func ask(conn *Conn, requests []wire.Request) {
	for _, r := range requests {
		err := conn.Send(r)
		if err == nil {
			continue
		}
		// A connection that broke ends the reader by itself, perhaps with the
		// server's reason. One that is merely stuck has to be ended.
		if errors.Is(err, os.ErrDeadlineExceeded) {
			conn.Close()
		}
		return
	}
}
