package stream

import "net/http"

// enlist gives a shard a connection that has come through net/http, once takeOver
// has answered its request and taken its descriptor for that shard.
func (e *Engine) enlist(r *http.Request, j *join, takeOver func(*shard) error) {
	e.open.Add(1)
	s := e.shards[e.next.Add(1)%uint32(len(e.shards))]
	if err := takeOver(s); err != nil {
		j.release()
		e.door.leave(j.addr)
		e.open.Add(-1)
		e.refused[refusedFailed].Add(1)
		e.o.Log.Debug("request for a connection came to nothing", "remote", r.RemoteAddr, "error", err)
		return
	}
	if !s.send(note{join: j}) {
		s.turnAway(j)
	}
}

// enter gives a new connection its place and has the handler open it.
func (s *shard) enter(j *join) {
	if s.ended {
		s.turnAway(j)
		return
	}
	slot := s.conns.take()
	c := s.conns.at(slot)
	if s.lastGen++; s.lastGen == 0 {
		s.lastGen = 1
	}
	*c = conn{fd: j.fd, gen: s.lastGen, told: s.now, heard: uint16(s.now), addr: j.addr, protocol: j.number,
		flags: inUse | s.e.variantFlags(j.number, j.deflates)}
	if j.wire != nil {
		s.secure(slot, c, j.wire)
		s.e.secured.Add(1)
	}
	if j.turn != nil {
		c.protocol = asEvents
		s.e.events.Add(1)
	}
	if err := s.poll.add(c.fd, slot, c.gen); err != nil {
		s.e.o.Log.Error("connection not taken", "error", err)
		s.drop(slot, c, goneInternal)
		j.release()
		return
	}
	if j.turn != nil {
		s.e.accepted.Add(1)
		s.owe(c)
		s.carryOut(slot, c, j.turn)
		return
	}
	s.begun(slot, c, j.early, j.req, false)
}

// begun has the handler open a connection whose handshake is done, but for the
// answer if that is yet to be sent.
func (s *shard) begun(slot uint32, c *conn, early []byte, req Request, greets bool) {
	c.flags |= working
	s.e.accepted.Add(1)
	if len(early) > 0 {
		s.busyOf(slot, c).pend = early
	}
	k := s.newCall(slot, c)
	k.opens, k.greets, k.req, k.turn.text, k.turn.form = true, greets, req, true, s.form(c)
	k.req.Conn = s.conn(slot, c)
	s.e.pool.add(k)
}

// turnAway closes a connection that came too late.
func (s *shard) turnAway(j *join) {
	j.release()
	s.poll.close(j.fd)
	s.e.door.leave(j.addr)
	s.e.open.Add(-1)
	s.e.refused[refusedClosing].Add(1)
}

// release takes back what the turn of a connection has counted that is no more.
func (j *join) release() {
	if j.turn != nil {
		j.turn.release()
	}
}
