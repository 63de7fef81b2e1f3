package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"monitord/stream/wire"
)

// Read waits for the next message that it knows. It answers pings while it waits.
// An error is the end of the connection: a [ClosedError] if the server closed it.
func (c *Conn) Read() (wire.Message, error) {
	for {
		raw, err := c.ReadRaw()
		if err != nil {
			return nil, err
		}
		m, err := wire.Decode(raw)
		if err != nil {
			return nil, c.violated(&protocolError{ws.StatusInvalidFramePayloadData, err.Error()})
		}
		if m != nil {
			return m, nil
		}
	}
}

// ReadRaw is Read without the decoding: the message as it came.
func (c *Conn) ReadRaw() ([]byte, error) {
	m, err := c.next()
	var violation *protocolError
	switch {
	case err == nil:
		return m, nil
	case errors.As(err, &violation):
		return nil, c.violated(violation)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, fmt.Errorf("read: nothing from the server for %v", c.options.Silence)
	}
	return nil, fmt.Errorf("read: %w", err)
}

// violated tells the server what it did wrong; whether it still listens is its
// own affair.
func (c *Conn) violated(e *protocolError) error {
	_ = c.goodbye(e.code)
	return e
}

// next assembles one message out of its frames.
func (c *Conn) next() ([]byte, error) {
	var message bytes.Buffer
	started := false
	for {
		if err := c.alive(); err != nil {
			return nil, err
		}
		h, err := ws.ReadHeader(c.in)
		if err != nil {
			return nil, err
		}
		if err := c.check(h, started, message.Len()); err != nil {
			return nil, err
		}
		if h.OpCode.IsControl() {
			if err := c.control(h); err != nil {
				return nil, err
			}
			continue
		}
		started = true
		if err := c.payload(&message, h.Length); err != nil {
			return nil, err
		}
		if !h.Fin {
			continue
		}
		if !utf8.Valid(message.Bytes()) {
			return nil, &protocolError{ws.StatusInvalidFramePayloadData, "text that is not UTF-8"}
		}
		return message.Bytes(), nil
	}
}

// check holds a frame's header against RFC 6455, sections 5.1, 5.2, 5.4 and 5.5.
func (c *Conn) check(h ws.Header, started bool, have int) error {
	violation := func(code ws.StatusCode, what string) error { return &protocolError{code, what} }
	switch {
	case h.Masked:
		return violation(ws.StatusProtocolError, "masked frame")
	case h.Rsv != 0:
		return violation(ws.StatusProtocolError, "reserved bits")
	case h.OpCode.IsReserved():
		return violation(ws.StatusProtocolError, "unknown kind of frame")
	case h.OpCode.IsControl():
		if !h.Fin || h.Length > ws.MaxControlFramePayloadSize {
			return violation(ws.StatusProtocolError, "control frame that is fragmented or too long")
		}
		return nil
	case started != (h.OpCode == ws.OpContinuation):
		return violation(ws.StatusProtocolError, "fragments out of order")
	case h.OpCode == ws.OpBinary:
		return violation(ws.StatusUnsupportedData, "binary message")
	case h.Length > int64(c.options.MaxMessage-have):
		return violation(ws.StatusMessageTooBig, fmt.Sprintf("message of more than %d bytes", c.options.MaxMessage))
	}
	return nil
}

// payload reads n bytes into to, in pieces: memory grows with what has come, and
// every piece is a sign of life.
func (c *Conn) payload(to *bytes.Buffer, n int64) error {
	const piece = 64 << 10
	for n > 0 {
		if err := c.alive(); err != nil {
			return err
		}
		k, err := io.CopyN(to, c.in, min(n, piece))
		n -= k
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// alive gives the server its time again.
func (c *Conn) alive() error {
	return c.conn.SetReadDeadline(time.Now().Add(c.options.Silence))
}

func (c *Conn) control(h ws.Header) error {
	body := make([]byte, h.Length)
	if _, err := io.ReadFull(c.in, body); err != nil {
		return err
	}
	switch h.OpCode {
	case ws.OpPing:
		return c.write(ws.OpPong, body)
	case ws.OpClose:
		return c.closing(body)
	}
	return nil
}

// closing answers a close frame with its own code (section 5.5.1).
func (c *Conn) closing(body []byte) error {
	e := &ClosedError{Code: int(ws.StatusNoStatusRcvd)}
	answer := ws.StatusNormalClosure
	if len(body) >= 2 {
		code, reason := ws.ParseCloseFrameData(body)
		answer = code
		e.Code, e.Reason = int(code), reason
		if !utf8.ValidString(e.Reason) {
			e.Reason = ""
		}
		e.Retry = retryIn(e.Reason)
	}
	_ = c.goodbye(answer)
	return e
}
