package main

import (
	"bytes"
	"context"
	"time"

	"monitord/stream"
)

// handler echoes every message, and makes every connection follow the topic if
// there is one.
type handler struct{ topic *stream.Topic }

func (h *handler) Open(_ context.Context, _ *stream.Request, t *stream.Turn) {
	if h.topic != nil {
		t.Subscribe(stream.Subscription{Topic: h.topic, After: stream.Newest})
	}
}

func (h *handler) Message(_ context.Context, _ stream.Conn, _ bool, payload []byte, t *stream.Turn) {
	t.Send(payload)
	t.Good()
}

func (h *handler) broadcast(ctx context.Context, e *stream.Engine, size int, every time.Duration) {
	payload := bytes.Repeat([]byte("x"), size)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := int64(1); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		e.Publish([]stream.Item{{Topic: h.topic, Entry: stream.Entry{Pos: n, Messages: [][]byte{payload}}}})
	}
}
