package stream

// Secured connections are those whose slots have the flag: their bytes go through
// a wire, which lies beside the slab. All others go to the poller directly.

// secure gives a connection its wire. What has been decrypted already is never
// reported by the poller.
func (s *shard) secure(slot uint32, c *conn, w *wire) {
	if s.wires == nil {
		s.wires = make(map[uint32]*wire)
		s.plain = make([]byte, 0, maxRecord)
	}
	s.wires[slot] = w
	c.flags |= secured | readable
}

// unplug takes the wire away from a connection that is about to be closed.
func (s *shard) unplug(slot uint32, why reason) {
	w := s.wires[slot]
	if why != goneReset && len(w.rest) == 0 {
		w.goodbye()
	}
	delete(s.wires, slot)
	if len(s.wires) == 0 {
		s.wires, s.plain = nil, nil
	}
}

func (s *shard) readFrom(slot uint32, c *conn, b []byte) (int, error) {
	if c.flags&secured != 0 {
		return s.wires[slot].read(b)
	}
	return s.poll.read(c.fd, b)
}

func (s *shard) writeTo(slot uint32, c *conn, b []byte) (int, error) {
	if c.flags&secured != 0 {
		w := s.wires[slot]
		n, err := w.write(b)
		s.hold(slot, c, w)
		return n, err
	}
	return s.poll.write(c.fd, b)
}

func (s *shard) writevTo(slot uint32, c *conn, bufs [][]byte) (int, error) {
	if c.flags&secured != 0 {
		w := s.wires[slot]
		n, err := w.writev(bufs, s.plain)
		s.hold(slot, c, w)
		return n, err
	}
	return s.poll.writev(c.fd, bufs)
}

// hold waits for room for ciphertext, although all plaintext has been taken.
func (s *shard) hold(slot uint32, c *conn, w *wire) {
	if len(w.rest) > 0 {
		s.block(slot, c)
	}
}

// encrypted says that there is ciphertext which the kernel has not taken.
func (s *shard) encrypted(slot uint32, c *conn) bool {
	return c.flags&secured != 0 && len(s.wires[slot].rest) > 0
}

// drainWire sends ciphertext now that there is room again. It returns false if the
// connection is gone.
func (s *shard) drainWire(slot uint32, c *conn) bool {
	w := s.wires[slot]
	if err := w.flush(); err != nil {
		s.drop(slot, c, goneReset)
		return false
	}
	s.hold(slot, c, w)
	c.flags |= readable // it may not have been read from meanwhile
	return true
}

// farewell ends what is encrypted before the connection's end. It returns false if
// that has to wait for the kernel.
func (s *shard) farewell(slot uint32, c *conn) bool {
	if c.flags&secured == 0 {
		return true
	}
	w := s.wires[slot]
	w.goodbye()
	s.hold(slot, c, w)
	return len(w.rest) == 0 || w.err != nil
}
