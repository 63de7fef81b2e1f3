package main

import (
	"bytes"
	"syscall"

	"monitord/bench/linux"
)

// Where a connection stands.
const (
	connecting = iota
	asking
	open
	dead
)

// conn is one subscriber.
type conn struct {
	parser
	herd    *herd
	fd      int
	index   int32
	state   uint8
	matched uint8 // how much of the empty line that ends the response has come
	count   uint32
}

// connected sends the request, or gives up on a connection that failed.
func (c *conn) connected() {
	if err := linux.ConnectError(c.fd); err != nil {
		c.refused(err.Error())
		return
	}
	if n, errno := linux.Send(c.fd, c.herd.request); errno != 0 || n != len(c.herd.request) {
		c.refused("request not taken")
		return
	}
	c.state = asking
	if err := c.herd.poller.Change(c.fd, linux.Readable, c.index); err != nil {
		c.refused(err.Error())
	}
}

func (c *conn) read(buf []byte) {
	for c.state != dead {
		n, errno := linux.Read(c.fd, buf)
		switch {
		case errno == syscall.EAGAIN || errno == syscall.EINTR:
			return
		case errno != 0 || n == 0:
			c.drop()
			return
		}
		b := buf[:n]
		if c.state == asking {
			b = c.response(b)
		}
		if c.state == open {
			c.herd.bytes += int64(len(b))
			if !c.feed(b, c) && c.state != dead {
				c.herd.bad++
				c.drop()
			}
		}
		if n < len(buf) {
			return
		}
	}
}

// response takes the head of the server's answer and returns what came after it.
func (c *conn) response(b []byte) []byte {
	const status, end = "HTTP/1.1 101", "\r\n\r\n"
	if c.matched == 0 && len(b) >= len(status) && !bytes.HasPrefix(b, []byte(status)) {
		line, _, _ := bytes.Cut(b, []byte("\r\n"))
		c.refused(string(line[:min(len(line), 200)]))
		return nil
	}
	for i, x := range b {
		switch {
		case x == end[c.matched]:
			c.matched++
		case x == '\r':
			c.matched = 1
		default:
			c.matched = 0
		}
		if int(c.matched) == len(end) {
			c.state = open
			c.herd.opened++
			if c.herd.message != nil {
				c.send(c.herd.message)
			}
			return b[i+1:]
		}
	}
	return nil
}

func (c *conn) message(begin []byte, size uint64) { c.herd.counter.message(c, begin, size) }

func (c *conn) controlFrame(op byte, body []byte) bool {
	switch op {
	case opPing:
		c.herd.pings++
		c.send(clientFrame(nil, opPong, body))
	case opClose:
		c.send(clientFrame(nil, opClose, body[:min(len(body), 2)]))
		c.drop()
	}
	return c.state != dead
}

// send gives up on a connection whose server does not take a small frame.
func (c *conn) send(frame []byte) {
	if n, errno := linux.Send(c.fd, frame); errno != 0 || n != len(frame) {
		c.drop()
	}
}

func (c *conn) refused(why string) {
	if c.herd.bad == 0 {
		c.herd.firstRefusal = why
	}
	c.herd.bad++
	c.drop()
}

func (c *conn) drop() {
	switch c.state {
	case dead:
		return
	case open:
		c.herd.closes++
	default:
		c.herd.failed++
	}
	c.state = dead
	syscall.Close(c.fd)
}
