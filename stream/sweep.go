package stream

import "time"

// setTimes derives a shard's clock from the configured times.
//
// A peer is pinged twice in each interval, and closed when nothing was heard of it
// for the interval and the timeout together: one that vanished is gone by then, and
// one that is only busy, stopped or behind a slow link for a while, up to half the
// interval and the timeout at least, has been asked and can still answer.
func (s *shard) setTimes(interval, timeout time.Duration) {
	// The low 16 bits of a tick must tell any silence from a new one.
	finest := max(5*time.Millisecond, (interval+timeout)>>15)
	s.tick = min(time.Second, max(min(interval, timeout)/8, finest))
	s.pingEach = max(1, uint32(interval/s.tick)/2)
	s.silence = max(2, uint32((interval+timeout)/s.tick))
	s.lookEach = max(1, uint32(timeout/s.tick)/4)
	s.stirred = max(2, uint32(timeout/s.tick)/2)
	// A second, which is how often there is news as shipped, and a tick, so that
	// news at the sweep's own time comes within it.
	s.pingHold = min(s.ticks(time.Second)+1, s.pingEach/2)
}

// sweep is the clock of all connections: each tick looks at a slice of the slab,
// so that pings are spread over their interval and nobody needs a timer.
func (s *shard) sweep() {
	if s.now-s.swept > s.stirred {
		// The whole process has been standing still, so silence proves nothing.
		for slot := uint32(1); slot < s.conns.top; slot++ {
			s.lives(s.conns.at(slot))
		}
		s.swept = s.now - 1
	}
	for s.swept != s.now {
		s.swept++
		s.sweepGone(s.swept)
		s.sweepPings(s.swept)
		s.sweepHeldPings(s.swept)
		s.sweepSilent(s.swept)
	}
	s.sweepBusy()
	s.sweepKnocks()
}

// lives notes that the peer has given a sign of life.
func (s *shard) lives(c *conn) {
	c.flags &^= awaiting
	c.heard = uint16(s.now)
}

// sweepPings pings the slice whose turn it is. Where messages come all the time,
// the ping waits for the next one, and costs no write of its own.
func (s *shard) sweepPings(tick uint32) {
	for slot := tick % s.pingEach; slot < s.conns.top; slot += s.pingEach {
		c := s.conns.at(slot)
		if slot == 0 || c.flags&(inUse|closing|knocking) != inUse || c.events() {
			continue
		}
		c.flags |= awaiting
		if c.first != 0 && s.now-c.told < s.pingHold {
			c.flags |= pingWaits
			continue
		}
		s.ping(slot, c)
	}
}

// sweepHeldPings pings those for which no message has come in time.
func (s *shard) sweepHeldPings(tick uint32) {
	for slot := (tick + s.pingEach - s.pingHold) % s.pingEach; slot < s.conns.top; slot += s.pingEach {
		if c := s.conns.at(slot); slot != 0 && c.flags&(inUse|pingWaits) == inUse|pingWaits && !c.events() {
			s.ping(slot, c)
		}
	}
}

func (s *shard) ping(slot uint32, c *conn) {
	c.flags &^= pingWaits
	s.busyOf(slot, c).ping = true
	s.flush(slot, c)
}

// sweepGone closes those that have been asked and have given no sign of life for
// too long, now: they may have been heard from after the tick. One whose handler is
// at work is not being read from: its silence is ours.
func (s *shard) sweepGone(tick uint32) {
	for slot := tick % s.lookEach; slot < s.conns.top; slot += s.lookEach {
		c := s.conns.at(slot)
		if slot == 0 || c.flags&(inUse|awaiting) != inUse|awaiting || uint32(uint16(s.now)-c.heard)+s.lookEach < s.silence {
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
		if slot == 0 || c.flags&(inUse|closing|blocked|knocking) != inUse || s.now-c.told+each < limit {
			continue
		}
		frame := &frames[c.variant()]
		if *frame == nil {
			*frame = s.form(c).message(nil, true, s.e.o.Heartbeat(time.Now().UnixMilli()))
		}
		s.busyOf(slot, c).push(own{frame: *frame, messages: 1})
		s.owe(c)
		s.flush(slot, c)
	}
}

// sweepBusy looks at the deadlines of those that are in the middle of something.
func (s *shard) sweepBusy() {
	stalled := s.ticks(s.e.o.MessageTimeout)
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
