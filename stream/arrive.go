package stream

import (
	"net"
	"sync/atomic"
	"time"
)

const (
	// accepts is how many connections are accepted before it is the turn of
	// those that are there.
	accepts = 64
	// respite is how long nobody is accepted when descriptors have run out.
	respite = 100 * time.Millisecond
)

// arrivals accepts who waits at a listener, and deals them out to the shards.
func (s *shard) arrivals(number uint32) {
	l := s.e.listener(number)
	for range accepts {
		if s.ended {
			return
		}
		if !s.e.room() {
			s.rest(l)
			return
		}
		fd := int32(-1)
		err := l.with(func(socket int32) (err error) {
			fd, err = s.accepts.accept(socket, l.inherited)
			return err
		})
		switch err {
		case nil:
		case errAgain, net.ErrClosed:
			return
		case errNoRoom:
			s.e.refused[refusedFull].Add(1)
			s.rest(l)
			return
		default:
			s.e.o.Log.Error("accepting connections", "address", l.addr, "error", err)
			s.rest(l)
			return
		}
		s.e.callers.Add(1)
		to := s.e.shards[s.e.next.Add(1)%uint32(len(s.e.shards))]
		if to == s {
			s.knock(fd, number)
		} else if !to.send(note{fd: fd, from: number}) {
			s.poll.close(fd)
			s.e.callers.Add(-1)
		}
	}
}

// watch begins to accept at a listener.
func (s *shard) watch(l *listener) {
	if s.ended {
		return
	}
	if err := l.with(func(fd int32) error { return s.accepts.watch(fd, l.number) }); err != nil && err != net.ErrClosed {
		s.e.o.Log.Error("listener not watched", "address", l.addr, "error", err)
	}
}

// rest leaves who arrives in the kernel's queue for a while: a socket that is
// watched but not accepted from would keep the loop busy.
func (s *shard) rest(l *listener) {
	_ = l.with(func(fd int32) error { return s.accepts.unwatch(fd, l.number) })
	s.resting = append(s.resting, l)
	s.restUntil = time.Now().Add(respite)
}

// reopen ends the rest of listeners when it is time and there is room.
func (s *shard) reopen() {
	if len(s.resting) == 0 || time.Now().Before(s.restUntil) || !s.e.room() {
		return
	}
	for _, l := range s.resting {
		s.watch(l)
	}
	clear(s.resting)
	s.resting = s.resting[:0]
}

// stopListening accepts nobody any more and closes those that have not come in.
func (s *shard) stopListening() {
	if p := s.e.listeners.Load(); p != nil {
		for _, l := range *p {
			if l.s == s {
				l.hangUp()
			}
		}
	}
	for slot := uint32(1); s.knocking > 0 && slot < s.conns.top; slot++ {
		if c := s.conns.at(slot); c.flags&knocking != 0 {
			s.sendAway(slot, c)
		}
	}
}

// room says whether there is a descriptor for one more.
func (e *Engine) room() bool {
	return e.callerLimit <= 0 || e.callers.Load()+e.open.Load() < e.callerLimit
}

// A caller is a connection that the engine has accepted and somebody else serves.
type caller struct {
	net.Conn
	e     *Engine
	early []byte
	gone  atomic.Bool
}

func (c *caller) Read(b []byte) (int, error) {
	if len(c.early) > 0 {
		n := copy(b, c.early)
		if c.early = c.early[n:]; len(c.early) == 0 {
			c.early = nil
		}
		return n, nil
	}
	return c.Conn.Read(b)
}

// CloseWrite is what net/http looks for, so that closing does not destroy an
// answer on its way.
func (c *caller) CloseWrite() error {
	if h, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}

func (c *caller) Close() error {
	c.leave()
	return c.Conn.Close()
}

func (c *caller) leave() {
	if !c.gone.Swap(true) {
		c.e.callers.Add(-1)
	}
}
