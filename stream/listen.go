package stream

import (
	"errors"
	"net"
	"os"
	"slices"
	"sync"
)

// A listener is a socket whose connections the engine accepts. Those that ask
// for a stream stay in the engine; the others come out of Accept.
type listener struct {
	e      *Engine
	s      *shard // whose poller watches the socket
	number uint32
	addr   net.Addr
	unix   bool
	secure bool // TLS is spoken: all connections come out of Accept
	// The connections have the options that they need from the socket.
	inherited bool

	more chan struct{} // holds one: something has been pushed
	done chan struct{} // closed by Close

	mu      sync.Mutex // guards the fields below
	fd      int32      // -1: closed
	closed  bool
	arrived []arrival // as many as there are descriptors, at most
}

// An arrival is a connection that is not the engine's, and what it has sent.
type arrival struct {
	fd    int32
	early []byte
}

// Listen takes a TCP or Unix listener over: while the engine runs, its poll
// loops accept the connections and answer handshakes at [Options.Path]. All
// others come out of the listener that is returned, for an [net/http.Server]
// with the engine's ServeHTTP at that path, which so has the last word about
// everything that is not a plain, complete handshake from who may come in:
// both ways end in the same place. Closing it closes the socket.
//
// On systems without epoll, and for other listeners, l is returned as it is.
func (e *Engine) Listen(l net.Listener) (net.Listener, error) { return e.listen(l, false) }

func (e *Engine) listen(l net.Listener, secure bool) (net.Listener, error) {
	_, isUnix := l.(*net.UnixListener)
	if _, isTCP := l.(*net.TCPListener); !isUnix && !isTCP {
		return l, nil
	}
	e.listenMu.Lock()
	defer e.listenMu.Unlock()
	var all []*listener
	if p := e.listeners.Load(); p != nil {
		all = slices.Clone(*p)
	}
	s := e.shards[len(all)%len(e.shards)]
	if s.accepts == nil {
		return l, nil
	}
	fd, inherited, err := s.accepts.listen(l)
	if err != nil {
		return nil, err
	}
	own := &listener{
		e: e, s: s, number: uint32(len(all) + 1), addr: l.Addr(), unix: isUnix, secure: secure, inherited: inherited, fd: fd,
		more: make(chan struct{}, 1), done: make(chan struct{}),
	}
	all = append(all, own)
	e.listeners.Store(&all)
	if !s.send(note{listen: own}) {
		own.hangUp()
	}
	return own, nil
}

// listener returns the one with that number.
func (e *Engine) listener(number uint32) *listener { return (*e.listeners.Load())[number-1] }

// Accept waits for the next connection that is not the engine's.
func (l *listener) Accept() (net.Conn, error) {
	for {
		l.mu.Lock()
		var a arrival
		found := len(l.arrived) > 0
		if found {
			a = l.arrived[0]
			l.arrived[0] = arrival{}
			l.arrived = l.arrived[1:]
		}
		l.mu.Unlock()
		if found {
			if c, err := l.s.accepts.conn(a.fd); err == nil {
				l.e.guardLife(c) // it may poll, and wait
				return &caller{Conn: c, e: l.e, early: a.early}, nil
			}
			l.e.callers.Add(-1) // it broke, or there is no descriptor
			continue
		}
		select {
		case <-l.more:
		case <-l.done:
			return nil, &net.OpError{Op: "accept", Net: l.addr.Network(), Addr: l.addr, Err: net.ErrClosed}
		}
	}
}

// Addr returns where l listens.
func (l *listener) Addr() net.Addr { return l.addr }

// Close closes the socket and the connections that nobody has asked for.
func (l *listener) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return net.ErrClosed
	}
	l.closed = true
	left := l.arrived
	l.arrived = nil
	l.mu.Unlock()
	close(l.done)
	for _, a := range left {
		l.turnAway(a)
	}
	l.hangUp()
	if l.unix {
		if name := l.addr.String(); name != "" && name[0] != '@' {
			if err := os.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// hangUp closes the socket, which ends its being watched.
func (l *listener) hangUp() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd >= 0 {
		l.s.poll.close(l.fd)
		l.fd = -1
	}
}

func (l *listener) push(a arrival) {
	l.mu.Lock()
	closed := l.closed
	if !closed {
		l.arrived = append(l.arrived, a)
	}
	l.mu.Unlock()
	if closed {
		l.turnAway(a)
		return
	}
	select {
	case l.more <- struct{}{}:
	default:
	}
}

func (l *listener) turnAway(a arrival) {
	l.s.poll.close(a.fd)
	l.e.callers.Add(-1)
}

// with calls f with the socket unless it is closed.
func (l *listener) with(f func(fd int32) error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd < 0 {
		return net.ErrClosed
	}
	return f(l.fd)
}
