package stream

import "time"

// sweep is the clock of all connections: each tick looks at a slice of the slab,
// so that pings are spread over their interval and nobody needs a timer.
func (s *shard) sweep() {
	if s.now-s.swept > max(2, s.pongIn/2) {
		// The whole process has been standing still, so silence proves nothing.
		for slot := uint32(1); slot < s.conns.top; slot++ {
			s.conns.at(slot).flags &^= awaiting
		}
		s.swept = s.now - 1
	}
	for s.swept != s.now {
		s.swept++
		s.sweepPongs(s.swept)
		s.sweepPings(s.swept)
		s.sweepSilent(s.swept)
	}
	s.sweepBusy()
	s.sweepKnocks()
}

// sweepPings pings the slice whose turn it is.
func (s *shard) sweepPings(tick uint32) {
	for slot := tick % s.pingEach; slot < s.conns.top; slot += s.pingEach {
		c := s.conns.at(slot)
		if slot == 0 || c.flags&(inUse|closing|knocking) != inUse {
			continue
		}
		if c.flags&awaiting == 0 {
			c.flags |= awaiting
			c.pinged = uint16(tick)
		}
		s.busyOf(slot, c).ping = true
		s.flush(slot, c)
	}
}

// sweepPongs closes those that have been silent since a ping, pongIn ticks ago.
// One whose handler is at work is not being read from: its silence is ours.
func (s *shard) sweepPongs(tick uint32) {
	for slot := (tick + s.pingEach - s.pongIn%s.pingEach) % s.pingEach; slot < s.conns.top; slot += s.pingEach {
		c := s.conns.at(slot)
		if slot == 0 || c.flags&(inUse|awaiting) != inUse|awaiting || uint32(uint16(tick)-c.pinged) < s.pongIn {
			continue
		}
		gen := c.gen
		c.flags |= readable // what it sent may not have been looked at yet
		s.read(slot, c)
		if c.gen == gen && c.flags&(awaiting|working) == awaiting {
			s.drop(slot, c, goneTimeout)
		}
	}
}

// sweepSilent sends the heartbeat to those that got no message for a while. Each
// slot comes by often enough that none waits too long.
func (s *shard) sweepSilent(tick uint32) {
	if s.e.o.Heartbeat == nil {
		return
	}
	limit := s.ticks(s.e.o.heartbeatAfter)
	each := max(1, limit/5)
	var frames [variants][]byte
	for slot := tick % each; slot < s.conns.top; slot += each {
		c := s.conns.at(slot)
		if slot == 0 || c.flags&(inUse|closing|blocked|knocking) != inUse || tick-c.told+each < limit {
			continue
		}
		frame := &frames[c.variant()]
		if *frame == nil {
			*frame = s.form(c).message(nil, true, s.e.o.Heartbeat(time.Now().UnixMilli()))
		}
		s.busyOf(slot, c).push(own{frame: *frame, messages: 1})
		s.flush(slot, c)
	}
}

// sweepBusy looks at the deadlines of those that are in the middle of something.
func (s *shard) sweepBusy() {
	stalled := s.ticks(2 * s.e.o.HandshakeTimeout)
	for i := 1; i < len(s.busy); i++ {
		b := s.busy[i]
		if b.slot == 0 {
			continue
		}
		slot, c := b.slot, s.conns.at(b.slot)
		switch {
		case b.closeBy != 0 && s.now >= b.closeBy:
			s.drop(slot, c, b.reason)
		case b.in != nil && c.flags&(working|closing) == 0 && s.now-b.since > stalled:
			s.discard(c, b.in)
			s.shutWith(slot, c, 1008, "message not completed in time", goneStalled, true)
		}
	}
}
