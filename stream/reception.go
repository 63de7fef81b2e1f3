package stream

import (
	"container/list"
	"crypto/tls"
	"errors"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxGuests is how many TLS handshakes may be under way at a listener. Each
	// holds a goroutine of net/http and some 20 kB until it ends.
	maxGuests = 2048
	// guestTime is how long a handshake is sure of its place: who waits longer
	// than that for its peer goes when there is no room for the next.
	guestTime = 2 * time.Second
)

// A reception is a listener whose connections speak TLS. The handshake is made by
// the goroutine that net/http has for the connection. The poll loops hand over
// only those whose first message is there, so what it does until its own message
// goes out is all computing; no more than a few do that at once, so that the poll
// loops get their turn.
type reception struct {
	net.Listener
	e         *Engine
	config    *tls.Config
	computers int // who may compute at once; 0: any number

	change chan struct{} // holds one: there may be room
	done   chan struct{} // closed by Close
	closed sync.Once

	mu        sync.Mutex // guards the fields below
	guests    list.List  // of *guest, in the order of their arrival
	computing int
}

// ListenTLS is [Engine.Listen] for connections that are secured by TLS, 1.2 and
// up. The handshake bounds of the net/http server apply, which must serve the
// listener as it is (Serve, not ServeTLS). HTTP/1.1 is all that is spoken. c is
// copied; its certificates can be exchanged through GetCertificate.
//
// An upgraded connection is as event-driven as a plain one and needs no
// goroutine, but some 4 to 5 kB, which are crypto/tls'.
func (e *Engine) ListenTLS(l net.Listener, c *tls.Config) (net.Listener, error) {
	if len(c.Certificates) == 0 && c.GetCertificate == nil && c.GetConfigForClient == nil {
		return nil, errors.New("listen for TLS: no certificate")
	}
	c = c.Clone()
	c.MinVersion = max(c.MinVersion, tls.VersionTLS12)
	c.NextProtos = []string{"http/1.1"}
	// Who writes decides about the size of records.
	c.DynamicRecordSizingDisabled = true
	inner, err := e.listen(l, true)
	if err != nil {
		return nil, err
	}
	r := &reception{Listener: inner, e: e, config: c, change: make(chan struct{}, 1), done: make(chan struct{})}
	if _, ours := inner.(*listener); ours {
		r.computers = 2 * runtime.GOMAXPROCS(0)
	}
	return r, nil
}

// Accept returns a *tls.Conn that has yet to make its handshake.
func (r *reception) Accept() (net.Conn, error) {
	c, err := r.Listener.Accept()
	if err != nil {
		return nil, err
	}
	g := &guest{Conn: c, r: r, computing: true, since: time.Now()}
	if !r.enter(g) {
		c.Close()
		return nil, &net.OpError{Op: "accept", Net: r.Addr().Network(), Addr: r.Addr(), Err: net.ErrClosed}
	}
	return tls.Server(&line{g}, r.config), nil
}

// Close implements net.Listener.
func (r *reception) Close() error {
	r.closed.Do(func() { close(r.done) })
	return r.Listener.Close()
}

// enter waits until there is room for one more handshake. It returns false when
// the listener has been closed.
func (r *reception) enter(g *guest) bool {
	for {
		wait, stale := r.tryEnter(g)
		if stale != nil {
			stale.Conn.Close() // what waits for its peer there ends
			continue
		}
		if wait == 0 {
			return true
		}
		timer := time.NewTimer(wait)
		select {
		case <-r.change:
		case <-timer.C:
		case <-r.done:
			timer.Stop()
			return false
		}
		timer.Stop()
	}
}

// tryEnter returns how long to wait at most if there is no room, and whose place
// may be taken.
func (r *reception) tryEnter(g *guest) (time.Duration, *guest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.guests.Len() >= maxGuests {
		oldest := r.guests.Front().Value.(*guest)
		if wait := guestTime - time.Since(oldest.since); wait > 0 {
			return wait, nil
		}
		r.leaveLocked(oldest)
		r.e.refused[refusedTLS].Add(1)
		return 0, oldest
	}
	if r.computers > 0 && r.computing >= r.computers {
		return guestTime, nil
	}
	r.computing++
	g.place = r.guests.PushBack(g)
	return 0, nil
}

// computed says that a guest does not compute any more.
func (r *reception) computed(g *guest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.computedLocked(g)
}

func (r *reception) computedLocked(g *guest) {
	if g.computing {
		g.computing = false
		r.computing--
		r.signal()
	}
}

// leave says that a handshake has ended, and whether it had not before.
func (r *reception) leave(g *guest) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.leaveLocked(g)
}

func (r *reception) leaveLocked(g *guest) bool {
	if g.place == nil {
		return false
	}
	r.computedLocked(g)
	r.guests.Remove(g.place)
	g.place = nil
	g.in.Store(true)
	r.signal()
	return true
}

func (r *reception) signal() {
	select {
	case r.change <- struct{}{}:
	default:
	}
}

// A guest is a connection in its handshake: it has computed when it writes or
// waits, and is no guest any more when its peer has answered what it wrote.
type guest struct {
	net.Conn
	r     *reception
	since time.Time

	in    atomic.Bool // no guest any more
	wrote atomic.Bool

	computing bool          // guarded by r.mu, like the field below
	place     *list.Element // nil: no guest any more
}

func (g *guest) Read(b []byte) (int, error) {
	if !g.in.Load() {
		if k, ok := g.Conn.(*caller); !ok || len(k.early) == 0 {
			g.r.computed(g)
		}
	}
	n, err := g.Conn.Read(b)
	if n > 0 && !g.in.Load() && g.wrote.Load() {
		g.r.leave(g)
	}
	return n, err
}

func (g *guest) Write(b []byte) (int, error) {
	if !g.in.Load() {
		g.wrote.Store(true)
		g.r.computed(g)
	}
	return g.Conn.Write(b)
}

func (g *guest) Close() error {
	if !g.in.Load() && g.r.leave(g) {
		g.r.e.refused[refusedTLS].Add(1)
	}
	return g.Conn.Close()
}

// CloseWrite is for who is told 400 because it does not speak TLS.
func (g *guest) CloseWrite() error {
	if h, ok := g.Conn.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return nil
}

// firstRecordIn says that the first record of TLS is there as a whole, or that there is
// something else. What it says is not looked at: it is crypto/tls' affair.
func firstRecordIn(data []byte) bool {
	const handshakeRecord, header = 22, 5
	switch {
	case len(data) == 0:
		return false
	case data[0] != handshakeRecord || len(data) >= maxHead:
		return true
	case len(data) < header:
		return false
	}
	return len(data) >= min(maxHead, header+int(data[3])<<8+int(data[4]))
}
