package stream

// A connection with events is sent the newest mark behind what it was sent. A
// mark never says too much: it comes into the mailbox of a shard not before the
// topics that it speaks of, holds for a connection from the moment on at which the
// walk that took it from there has reached it, and is sent only when nothing else
// waits for the connection.

// owe notes that a connection is to be sent a mark when it can be.
func (s *shard) owe(c *conn) {
	if c.events() {
		c.flags |= owed
		s.owing = true
	}
}

// markFor returns the mark that holds for the connection in slot if it keeps up;
// nil: there is none yet. Compare head.
func (s *shard) markFor(slot uint32) []byte {
	if s.walk.active && slot < s.walk.at {
		return s.walk.mark
	}
	return s.mark
}

// upToDate says that a connection has got all that is published, as far as its
// shard knows.
func (s *shard) upToDate(slot uint32, b *busy) bool {
	if b.paging {
		return false
	}
	for i := range b.lags {
		g := &b.lags[i]
		if ord, _ := s.head(slot, &s.locals[s.follows.at(g.follow).local]); g.source || g.ord < ord {
			return false
		}
	}
	return true
}

// deliverMark sends the mark of a walk to a connection that the walk has nothing
// else for. It says whether it wrote.
func (s *shard) deliverMark(slot uint32, c *conn) bool {
	if c.busy != 0 && s.busy[c.busy].output() {
		return false // flush will find it
	}
	n, err := s.writeTo(slot, c, s.walk.mark)
	if err != nil && err != errAgain {
		s.drop(slot, c, goneReset)
		return true
	}
	s.sent.bytes += uint64(n)
	s.deliveredMark(slot, c, n)
	return true
}

// deliveredMark notes that the kernel has taken so many bytes of the mark of a
// walk, behind everything else.
func (s *shard) deliveredMark(slot uint32, c *conn, n int) {
	w := &s.walk
	switch {
	case !c.events():
	case !w.marked:
		s.owing = true
	case n == len(w.mark):
		c.flags &^= owed
	case n > 0:
		c.flags &^= owed
		s.busyOf(slot, c).rest = w.mark[n:]
		s.block(slot, c)
	default:
		s.busyOf(slot, c)
		s.block(slot, c)
	}
}
