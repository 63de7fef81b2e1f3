package stream

import "context"

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
	*c = conn{fd: j.fd, gen: s.lastGen, told: s.now, addr: j.addr, protocol: j.number, flags: inUse | working}
	if j.deflates {
		c.flags |= deflates
	}
	if o := &s.e.o; o.Binary != "" && j.number != 0 && o.Protocols[j.number-1] == o.Binary {
		c.flags |= encodes
	}
	if err := s.poll.add(c.fd, slot, c.gen); err != nil {
		s.e.o.Log.Error("connection not taken", "error", err)
		s.drop(slot, c, goneInternal)
		return
	}
	s.e.accepted.Add(1)
	if len(j.early) > 0 {
		s.busyOf(slot, c).pend = j.early
	}
	e, to := s.e, target{slot, c.gen}
	req := &j.req
	req.Conn = s.conn(slot, c)
	f := s.form(c)
	e.pool.add(func(ctx context.Context) {
		t := &Turn{text: true, form: f}
		e.guard(t, "open", func() { e.handler.Open(ctx, req, t) })
		s.give(note{to: to, turn: t})
	})
}

// turnAway closes a connection that came too late.
func (s *shard) turnAway(j *join) {
	s.poll.close(j.fd)
	s.e.door.leave(j.addr)
	s.e.open.Add(-1)
	s.e.refused[refusedClosing].Add(1)
}
