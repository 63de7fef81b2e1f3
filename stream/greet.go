package stream

import (
	"slices"
	"time"
)

// greetWithin is how long the answer to a handshake waits for what the handler has
// to say first, so that both leave in one write. A handler that takes longer does
// not keep the client waiting.
const greetWithin = 2 * time.Millisecond

// greetings are the answers to handshakes that wait for their handlers.
type greetings struct {
	waiting []target
	calls   int // under way: when there are none, nobody waits
	by      time.Time
}

// greet has the answer to a handshake sent before everything else that the
// connection will be sent.
func (s *shard) greet(slot uint32, c *conn, answer []byte) {
	s.busyOf(slot, c).rest = slices.Clone(answer)
	g := &s.greetings
	if len(g.waiting) == 0 {
		g.by = time.Now().Add(greetWithin)
	}
	g.waiting = append(g.waiting, target{slot, c.gen})
	g.calls++
}

// greeted says that a handler has returned whose turn is about to be carried out,
// or whose connection is gone.
func (s *shard) greeted() {
	if g := &s.greetings; g.calls > 0 {
		if g.calls--; g.calls == 0 {
			g.waiting = g.waiting[:0]
		}
	}
}

// greetLate sends the answers whose handlers take their time.
func (s *shard) greetLate() {
	g := &s.greetings
	if len(g.waiting) == 0 || time.Now().Before(g.by) {
		return
	}
	for _, t := range g.waiting {
		if c := s.conns.at(t.slot); c.gen == t.gen && c.flags&(inUse|working) == inUse|working {
			s.flush(t.slot, c)
		}
	}
	if g.waiting = g.waiting[:0]; cap(g.waiting) > 4*chunk {
		g.waiting = nil
	}
}
