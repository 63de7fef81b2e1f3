package stream

import (
	"slices"
	"time"
)

const (
	readBuffer = 16 << 10
	reads      = 8 // from one connection, before it is others' turn
)

// event is what the poller says about a connection.
func (s *shard) event(ev event) {
	if ev.slot == 0 {
		s.arrivals(ev.gen)
		return
	}
	if ev.slot >= s.conns.top {
		return
	}
	c := s.conns.at(ev.slot)
	if c.gen != ev.gen || c.flags&inUse == 0 {
		return // of one that had the slot before
	}
	if c.flags&knocking != 0 {
		s.hear(ev.slot, c, ev.bits)
		return
	}
	deaf := c.flags&working != 0 || c.busy != 0 && s.full(s.busy[c.busy])
	if ev.bits&broken != 0 && (ev.bits&canRead == 0 || deaf) {
		s.drop(ev.slot, c, goneReset)
		return
	}
	if ev.bits&(peerDone|broken) != 0 { // its last words may still be there to read
		c.flags |= toTheEnd
	}
	if ev.bits&canRead != 0 {
		c.flags |= readable
	}
	if ev.bits&canWrite != 0 && c.flags&blocked != 0 {
		c.flags &^= blocked
		if c.flags&secured != 0 && !s.drainWire(ev.slot, c) {
			return
		}
		// The ping may stand behind what it has not taken, or its pongs unread
		// behind what it asked; but that it takes something shows that it lives.
		s.lives(c)
		if !s.flush(ev.slot, c) {
			return
		}
	}
	s.resume(ev.slot, c)
}

// resume goes on with the input where it had to wait: with what was read and not
// parsed, then with what was not read.
func (s *shard) resume(slot uint32, c *conn) {
	if c.busy != 0 {
		if b := s.busy[c.busy]; b.pend != nil {
			if c.flags&working != 0 || s.full(b) {
				return
			}
			rest := b.pend
			b.pend = nil
			if !s.input(slot, c, rest, true) {
				return
			}
		}
	}
	s.read(slot, c)
}

// read takes what there is to read, unless the connection must wait.
func (s *shard) read(slot uint32, c *conn) {
	for range reads {
		if c.flags&readable == 0 || c.flags&(working|draining) == working {
			return
		}
		if c.busy != 0 && c.flags&draining == 0 && s.full(s.busy[c.busy]) {
			return
		}
		n, err := s.readFrom(slot, c, s.buf)
		if err == errAgain {
			c.flags &^= readable
			if c.flags&(secured|finished) == secured|finished {
				s.flush(slot, c) // which has waited for this
			}
			return
		}
		if err != nil {
			s.drop(slot, c, goneReset)
			return
		}
		if n == 0 {
			s.drop(slot, c, goneEOF)
			return
		}
		s.sent.read += uint64(n)
		s.lives(c)
		if n < len(s.buf) && c.flags&(toTheEnd|secured) == 0 {
			c.flags &^= readable
		}
		if c.flags&draining != 0 {
			if !s.drain(slot, c, n) {
				return
			}
		} else if c.events() {
			if !s.overhear(slot, c, n) {
				return
			}
		} else if !s.input(slot, c, s.buf[:n], false) {
			return
		}
	}
	if c.flags&readable != 0 {
		s.later(slot, c)
	}
}

// drain counts what is thrown away after an error, until it is enough.
func (s *shard) drain(slot uint32, c *conn, n int) bool {
	b := s.busy[c.busy]
	if b.drained += n; b.drained > maxDrained {
		s.drop(slot, c, b.reason)
		return false
	}
	return true
}

// overhear bounds what comes from a client of events, which has nothing more to
// say. It returns false if the connection is gone.
func (s *shard) overhear(slot uint32, c *conn, n int) bool {
	if n > maxOverheard-int(c.control) {
		s.drop(slot, c, gonePolicy)
		return false
	}
	c.control += uint16(n)
	return true
}

// maxOverheard is how many bytes that may be; they are counted where a WebSocket
// counts its control frames.
const maxOverheard = 16 << 10

// input parses. kept says that b is the connection's own, not the shared buffer.
// It returns false if the connection is gone.
func (s *shard) input(slot uint32, c *conn, b []byte, kept bool) bool {
	p := s.scratch
	if c.busy != 0 && s.busy[c.busy].in != nil {
		p = s.busy[c.busy].in
	}
	limits := &s.limits[c.variant()]
	whole := false
	for len(b) > 0 && c.flags&draining == 0 {
		if c.flags&working != 0 {
			if !kept {
				b = slices.Clone(b)
			}
			s.busyOf(slot, c).pend = b
			break
		}
		n, g, f := p.feed(b, limits)
		b = b[n:]
		if f != nil {
			s.discard(c, p)
			return s.shutWith(slot, c, f.code, f.reason, f.why(), true)
		}
		if g == gotNothing {
			break
		}
		packed := p.packed
		payload, text := p.take(g)
		if g != gotMessage && !s.controlAllowed(c) {
			s.discard(c, p)
			return s.shutWith(slot, c, 1008, "too many control frames", goneFlood, true)
		}
		switch g {
		case gotMessage:
			whole = true
			if c.flags&closing == 0 {
				s.sent.received++
				s.dispatch(slot, c, text, packed, payload)
			}
		case gotPong:
			s.answered(payload, time.Since(s.start))
		case gotPing:
			if c.flags&closing == 0 {
				s.busyOf(slot, c).pong = appendFrame(nil, 0xa, payload)
				if !s.flush(slot, c) {
					*p = parser{} // the scratch is everybody's
					return false
				}
			}
		case gotClose:
			s.discard(c, p)
			return s.peerClosed(slot, c, payload)
		}
	}
	s.keep(slot, c, p, whole)
	s.settleDown(c)
	return true
}

// keep leaves half a message with its connection, and takes a parser that is
// between two messages back. whole says that another message has been completed
// since, so that this one is a new one.
func (s *shard) keep(slot uint32, c *conn, p *parser, whole bool) {
	if p.idle() {
		s.discard(c, p)
		return
	}
	b := s.busyOf(slot, c)
	if b.in == nil {
		b.in, b.since = p, s.now
		s.scratch = new(parser)
	} else if whole {
		b.since = s.now
	}
}

func (s *shard) discard(c *conn, p *parser) {
	if c.busy != 0 {
		s.busy[c.busy].in = nil
	}
	*p = parser{}
	s.scratch = p
}

// controlAllowed counts the control frames of a second. As long as the kernel takes
// the pongs, each ping is answered; beyond that the newest is (RFC 6455, 5.5.3).
func (s *shard) controlAllowed(c *conn) bool {
	second := uint16(uint64(s.now) * uint64(s.tick) / 1e9)
	if c.window != second {
		c.window, c.control = second, 0
	}
	c.control++
	return int(c.control) <= s.e.o.MaxControlFrames
}

// dispatch gives a message to the handler. Nothing more is read from the
// connection until it has answered. A compressed message is inflated by the
// worker: it can be long.
func (s *shard) dispatch(slot uint32, c *conn, text, packed bool, payload []byte) {
	c.flags |= working
	k := s.newCall(slot, c)
	k.opens, k.conn, k.payload, k.packed = false, s.conn(slot, c), payload, packed
	k.turn.text, k.turn.form = text, s.form(c)
	s.e.pool.add(k)
}

// conn returns the public name of a connection.
func (s *shard) conn(slot uint32, c *conn) Conn {
	id := Conn{ID: uint64(s.index)<<56 | uint64(slot)<<32 | uint64(c.gen), Client: s.e.door.address(c.addr)}
	if c.protocol != 0 {
		id.Protocol = s.e.o.Protocols[c.protocol-1]
	}
	return id
}

// guard calls into a handler or a source. What panics there closes the
// connection and nothing else.
func (e *Engine) guard(t *Turn, what string, call func()) {
	defer func() {
		if p := recover(); p != nil {
			e.count.panics.Add(1)
			e.o.Log.Error("handler panicked", "in", what, "panic", p)
			t.release()
			t.ops = nil
			t.Close(1011, "internal error")
		}
	}()
	call()
}

// later lets the shard look at its other connections before it goes on.
func (s *shard) later(slot uint32, c *conn) {
	if c.flags&queued == 0 {
		c.flags |= queued
		s.todo = append(s.todo, target{slot, c.gen})
	}
}

// again goes on with what was put off.
func (s *shard) again() {
	todo := s.todo
	s.todo = s.other[:0]
	for _, t := range todo {
		c := s.conns.at(t.slot)
		if c.gen != t.gen || c.flags&inUse == 0 {
			continue
		}
		c.flags &^= queued
		if s.flush(t.slot, c) {
			s.resume(t.slot, c)
		}
	}
	s.other = todo
}
