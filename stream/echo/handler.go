package main

import (
	"bytes"
	"context"
	"sync/atomic"
	"time"

	"monitord/stream"
)

// handler echoes every message, and makes every connection follow some of the
// topics if there are any.
type handler struct {
	topics []*stream.Topic
	follow int
	next   atomic.Int64 // the topic that the next connection begins with
}

func (h *handler) Open(_ context.Context, _ *stream.Request, t *stream.Turn) {
	if len(h.topics) == 0 {
		return
	}
	first := h.next.Add(int64(h.follow)) - int64(h.follow)
	for i := range h.follow {
		topic := h.topics[(first+int64(i))%int64(len(h.topics))]
		t.Subscribe(stream.Subscription{Topic: topic, Tag: uint64(i), After: stream.Newest})
	}
}

func (h *handler) Message(_ context.Context, _ stream.Conn, _ bool, payload []byte, t *stream.Turn) {
	t.Send(payload)
	t.Good()
}

// broadcast publishes one message to each topic again and again.
func (h *handler) broadcast(ctx context.Context, e *stream.Engine, size int, every time.Duration) {
	messages := [][]byte{bytes.Repeat([]byte("x"), size)}
	items := make([]stream.Item, len(h.topics))
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := int64(1); ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for i, t := range h.topics {
			items[i] = stream.Item{Topic: t, Entry: stream.Entry{Pos: n, Messages: messages}}
		}
		e.Publish(items)
	}
}
