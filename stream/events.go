package stream

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// serveEvents answers a request for Server-Sent Events. The handler opens it
// before anything is answered, so that what is wrong with it is a status; then the
// connection goes to a shard like any other.
func (e *Engine) serveEvents(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", eventType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would keep events to itself
	h.Add("Vary", "Accept")
	if r.Method == http.MethodHead {
		return
	}
	if r.ProtoMajor != 1 || r.ContentLength != 0 || len(r.TransferEncoding) > 0 {
		e.refuse(w, refusedUpgrade, http.StatusBadRequest, "events are answered to an HTTP/1 request without a body")
		return
	}
	remote := remoteAddr(r.RemoteAddr)
	ticket, ok := e.admit(w, remote)
	if !ok {
		return
	}
	j := &join{addr: ticket, turn: &Turn{text: true, form: e.form(evented)}, req: Request{
		Conn: Conn{Client: e.door.address(ticket)}, Transport: Events, Query: r.URL.RawQuery, LastEventID: r.Header.Get("Last-Event-ID"),
		Remote: remote, UserAgent: cutUTF8(r.UserAgent(), 256),
	}}
	opened := e.do(e.pool.add, func(ctx context.Context) {
		e.guard(j.turn, "open", func() { e.handler.Open(ctx, &j.req, j.turn) })
	})
	switch {
	case !opened:
		e.door.leave(ticket)
		e.comeBack(w)
		e.refuse(w, refusedClosing, http.StatusServiceUnavailable, "shutting down")
		return
	case j.turn.refused != nil:
		j.release()
		e.door.leave(ticket)
		e.refused[refusedRequest].Add(1)
		h.Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write(j.turn.refused) // a client that is gone needs no answer
		return
	}
	e.enlist(r, j, func(s *shard) error { return e.divert(w, s, j) })
}

// divert answers with the head of a response that ends with the connection, and
// takes the descriptor.
func (e *Engine) divert(w http.ResponseWriter, s *shard, j *join) error {
	h := w.Header()
	h.Set("Connection", "close")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	head := bytes.NewBufferString("HTTP/1.1 200 OK\r\n")
	if err := h.Write(head); err != nil {
		return fmt.Errorf("write header: %w", err)
	}
	head.WriteString("\r\n")
	head.Write(appendRetry(nil, e.retry()))
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return fmt.Errorf("take connection: %w", err)
	}
	if n := rw.Reader.Buffered(); n > maxOverheard {
		c.Close()
		return fmt.Errorf("%d bytes came behind the request", n)
	}
	_ = c.SetDeadline(time.Now().Add(e.o.HandshakeTimeout)) // Write fails where this does
	if _, err := c.Write(head.Bytes()); err != nil {
		c.Close()
		return fmt.Errorf("answer: %w", err)
	}
	_ = c.SetDeadline(time.Time{})
	e.guardLife(c)
	return s.adopt(c, j)
}

// guardLife has the kernel find out that a peer is gone that the engine does not
// ping: within PingInterval + PongTimeout, as for those that it does. Connections
// that have come out of a listener of the engine's have been there before.
func (e *Engine) guardLife(c net.Conn) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	// Both fail only on a connection that is broken, which shows soon.
	_ = tcp.SetKeepAliveConfig(net.KeepAliveConfig{
		Enable: true, Idle: e.o.PingInterval, Interval: max(time.Second, e.o.PongTimeout/4), Count: 8,
	})
	_ = setUserTimeout(tcp, e.o.PingInterval+e.o.PongTimeout)
}

// do has a worker call f and waits until it has. It says false if the engine has
// ended before.
func (e *Engine) do(add func(job), f func(context.Context)) bool {
	done := make(chan struct{})
	add(work(func(ctx context.Context) {
		defer close(done)
		f(ctx)
	}))
	select {
	case <-done:
		return true
	case <-e.gone:
	}
	select {
	case <-done:
		return true
	default:
		return false
	}
}
