package stream

import (
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/gobwas/ws"
)

// maxDrained is how much more is read from a peer after an error of its own, so
// that closing does not destroy the close frame on its way (a reset would).
const maxDrained = 1 << 20

// shutWith begins the closing handshake from our side. Everything that waits is
// still sent, then the close frame, then nothing. With deaf, what the peer sends
// is thrown away: it cannot be understood any more. It returns false if the
// connection is gone.
func (s *shard) shutWith(slot uint32, c *conn, code uint16, text string, why reason, deaf bool) bool {
	if c.flags&closing != 0 {
		if deaf {
			c.flags |= draining
		}
		return s.flush(slot, c)
	}
	if code == 1001 || code == 1012 || code == 1013 {
		hint := " retry=" + strconv.Itoa(s.e.retry())
		text = cutUTF8(text, ws.MaxControlFramePayloadSize-2-len(hint)) + hint
	}
	b := s.beginClose(slot, c, why)
	if c.events() {
		c.flags |= draining
		if code == 1001 || code == 1012 || code == 1013 {
			b.push(own{frame: appendRetry(nil, s.e.retry())})
		}
		return s.flush(slot, c)
	}
	if deaf {
		c.flags |= draining
	}
	b.push(own{frame: appendClose(nil, code, text)})
	return s.flush(slot, c)
}

func (s *shard) beginClose(slot uint32, c *conn, why reason) *busy {
	c.flags = c.flags&^pingWaits | closing // or owed
	s.unfollowAll(c)
	b := s.busyOf(slot, c)
	b.reason, b.ping, b.pend = why, false, nil
	b.closeBy = max(1, s.now+s.ticks(s.e.o.HandshakeTimeout))
	return b
}

// peerClosed answers a close frame, or takes it as the answer to ours.
func (s *shard) peerClosed(slot uint32, c *conn, payload []byte) bool {
	if c.flags&closing == 0 {
		b := s.beginClose(slot, c, goneNormal)
		var code uint16
		if len(payload) >= 2 {
			code = uint16(payload[0])<<8 | uint16(payload[1])
		}
		b.push(own{frame: appendClose(nil, code, "")})
	}
	c.flags |= finished | draining
	return s.flush(slot, c)
}

// closeWritten goes on after our close frame has been taken by the kernel. It
// returns false if the connection is gone.
func (s *shard) closeWritten(slot uint32, c *conn, b *busy) bool {
	over, half := c.flags&finished != 0 && c.flags&readable == 0, c.flags&draining != 0 && !b.shut
	if (over || half) && !s.farewell(slot, c) {
		return true
	}
	if over {
		s.drop(slot, c, b.reason)
		return false
	}
	if half {
		b.shut = true
		s.poll.finish(c.fd)
	}
	return true
}

// drop closes a connection at once.
func (s *shard) drop(slot uint32, c *conn, why reason) {
	if c.flags&knocking != 0 {
		s.sendAway(slot, c)
		return
	}
	if c.flags&closing != 0 {
		why = s.busy[c.busy].reason
	}
	s.unfollowAll(c)
	s.noLongerBusy(c)
	if c.flags&secured != 0 {
		s.unplug(slot, why)
	}
	s.poll.close(c.fd)
	s.e.door.leave(c.addr)
	s.e.open.Add(-1)
	if c.events() {
		s.e.events.Add(-1)
	}
	s.count.closed[why].Add(1)
	*c = conn{}
	s.conns.put(slot)
}

// bury drops those that could not be dropped where it was found out.
func (s *shard) bury() {
	for _, t := range s.doomed {
		if c := s.conns.at(t.slot); c.gen == t.gen && c.flags&inUse != 0 {
			s.drop(t.slot, c, goneInternal)
		}
	}
	s.doomed = s.doomed[:0]
}

// end tells every connection that the engine ends. The loop goes on until they
// have answered or endBy has come.
func (s *shard) end() {
	s.ended, s.endBy = true, time.Now().Add(shutdownTime)
	s.stopListening()
	for slot := uint32(1); slot < s.conns.top; slot++ {
		if c := s.conns.at(slot); c.flags&inUse != 0 {
			s.shutWith(slot, c, 1001, "shutting down", goneShutdown, false)
		}
	}
}

// closeAll closes what is still open.
func (s *shard) closeAll() {
	s.stopListening()
	for slot := uint32(1); slot < s.conns.top; slot++ {
		if c := s.conns.at(slot); c.flags&inUse != 0 {
			s.drop(slot, c, goneShutdown)
		}
	}
	s.tell()
}

// release gives back the poller and what is left in the mailbox. The loop has
// ended, and what is sent to the shard from now on is turned away.
func (s *shard) release() {
	m := &s.mail
	m.mu.Lock()
	m.shut = true
	notes := m.notes
	m.notes, m.moved, m.inMove = nil, nil, nil
	m.mu.Unlock()
	for i := range notes {
		s.giveBack(&notes[i])
	}
	s.poll.free()
}

// giveBack gives back what a note holds that nobody will look at.
func (s *shard) giveBack(n *note) {
	switch {
	case n.join != nil:
		s.turnAway(n.join)
	case n.call != nil:
		n.call.turn.release()
	case n.listen != nil:
		n.listen.hangUp()
	case n.from != 0:
		s.poll.close(n.fd)
		s.e.callers.Add(-1)
	}
}

// retry returns after how many milliseconds a client should come back: spread so
// that all of them together make a few thousand handshakes a second, a fifth of
// what one processor can do.
func (e *Engine) retry() int {
	return 200 + rand.IntN(int(spreadOver(e.open.Load())/time.Millisecond))
}

// spreadOver is the time over which so many connections are to come back.
func spreadOver(n int64) time.Duration {
	return time.Second + time.Duration(n)*time.Second/4000
}

func (s *shard) ticks(d time.Duration) uint32 { return uint32((d + s.tick - 1) / s.tick) }
