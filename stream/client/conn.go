package client

import (
	"bufio"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/gobwas/ws"

	"monitord/stream/wire"
)

// farewell bounds the writing of a close frame: a server that does not take it
// learns it from the end of the connection.
const farewell = time.Second

// Conn is one connection to a server. Read is for one goroutine; Send and Close
// may be called from others. Whoever dialled closes it.
type Conn struct {
	conn    net.Conn
	in      *bufio.Reader
	options Options

	mu     sync.Mutex // guards writing and the field below
	closed bool       // a close frame has been sent
}

// Send writes one request.
func (c *Conn) Send(r wire.Request) error {
	if err := c.write(ws.OpText, r.AppendJSON(nil)); err != nil {
		return fmt.Errorf("send %s: %w", r.Op, err)
	}
	return nil
}

// Close tells the server that the client is done and closes the connection,
// without waiting for an answer. A Read that waits returns with an error.
func (c *Conn) Close() error {
	// A write that is stuck must not hold up the end, and what matters is that
	// the descriptor is closed.
	_ = c.conn.SetWriteDeadline(time.Now().Add(farewell))
	_ = c.goodbye(ws.StatusNormalClosure)
	return c.conn.Close()
}

func (c *Conn) goodbye(code ws.StatusCode) error {
	return c.write(ws.OpClose, ws.NewCloseFrameBody(code, ""))
}

// write sends one frame, masked as every frame from a client is (RFC 6455,
// section 5.3). After a close frame nothing may follow.
func (c *Conn) write(op ws.OpCode, payload []byte) error {
	frame, err := ws.CompileFrame(ws.MaskFrameInPlace(ws.NewFrame(op, true, payload)))
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	if op == ws.OpClose {
		c.closed = true
	}
	timeout := c.options.Timeout
	if op == ws.OpClose {
		timeout = min(timeout, farewell)
	}
	if err := c.conn.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	_, err = c.conn.Write(frame)
	return err
}
