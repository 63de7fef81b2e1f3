package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"monitord/stream/wire"
)

// A witness knows what all readers have seen. It is safe for concurrent use.
type witness struct {
	mu       sync.Mutex // guards the fields below
	values   map[string]string
	ticks    map[int64]bool
	down     []wire.Gap
	newest   uint64 // number of an event
	epoch    string
	samples  int
	events   int
	resumed  int
	mismatch []string
}

func (w *witness) check(t *testing.T) {
	for _, g := range w.down {
		every := max(g.To-g.From, 1000) / max(g.Missed-1, 1)
		for at := g.From; at <= g.To; at += every {
			if w.ticks[at] {
				t.Errorf("%+v, but somebody saw the tick %d", g, at)
			}
		}
	}
	for _, m := range w.mismatch {
		t.Error(m)
	}
	t.Logf("%d samples messages of %d ticks, %d events up to %d, %d subscriptions, %d gaps while it was down",
		w.samples, len(w.ticks), w.events, w.newest, w.resumed, len(w.down))
	if !w.enough() {
		t.Error("this test compares too little")
	}
}

// enough says whether the readers have seen something to compare.
func (w *witness) enough() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.samples >= 50 && w.events >= 30 && w.resumed >= 30 && len(w.down) > 0
}

// same notes what a subscription had at a time, or a number; it must always be that.
func (w *witness) same(what string, at int64, value string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := fmt.Sprint(what, " at ", at)
	if before, ok := w.values[key]; ok && before != value && len(w.mismatch) < 10 {
		w.mismatch = append(w.mismatch, fmt.Sprintf("%s: %.300s, before %.300s", key, value, before))
	}
	w.values[key] = value
}

// journal checks that an epoch and its numbers go on.
func (w *witness) journal(h *wire.Hello, before uint64) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.epoch == "" {
		w.epoch = h.Epoch
	}
	if h.Epoch != w.epoch || h.Seq < before {
		return fmt.Errorf("the journal is %s at %d, was %s at %d", h.Epoch, h.Seq, w.epoch, before)
	}
	return nil
}

// A course is one subscription and how far it has come, over connections.
type course struct {
	ask     wire.Request
	aimed   bool
	next    int64  // the next due time
	after   uint64 // the last number
	sub     uint32
	leaving bool
	began   bool // nothing has come since it was asked for
	columns []wire.Labels
	rev     uint64
}

func (c *course) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s=%s %v", c.ask.Kind, c.ask.Expr, c.ask.Every))
}

func (c *course) every() int64 { return max(c.ask.Every, time.Second).Milliseconds() }

func (f *follower) begin() *course {
	c := &course{ask: wire.Request{Kind: wire.KindAlerts}}
	if f.r.IntN(3) > 0 {
		c.ask = followed[f.r.IntN(len(followed))]
	}
	c.ask.Op, c.ask.ID = wire.OpSubscribe, fmt.Sprint("id", f.r.IntN(100))
	return c
}

// aim chooses where a new course begins: some time ago, now, or soon.
func (c *course) aim(r *rand.Rand, h *wire.Hello) {
	c.leaving = false
	if c.aimed {
		return
	}
	c.aimed = true
	c.after = uint64(r.Int64N(int64(h.Seq) + 1))
	from := h.T - 8000 + r.Int64N(10_000)
	c.next = (from + c.every() - 1) / c.every() * c.every()
	c.ask.From = wire.At(from)
}

// request asks to go on where the course is.
func (c *course) request() wire.Request {
	r := c.ask
	if r.Kind == wire.KindAlerts {
		r.From, r.HasAfter, r.After = wire.From{}, true, c.after
	} else {
		r.From = wire.At(c.next - c.every() + 1)
	}
	return r
}
