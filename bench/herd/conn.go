package main

import (
	"bytes"
	"fmt"
	"syscall"
	"time"

	"monitord/bench/linux"
)

// Where a connection stands.
const (
	connecting = iota
	asking
	open
	dead
	resting // until it comes back
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
	place   place // with -resume
}

// connected sends the request, or gives up on a connection that failed.
func (c *conn) connected() {
	if err := linux.ConnectError(c.fd); err != nil {
		c.refused(err.Error())
		return
	}
	request := c.herd.request
	if c.place.away {
		request = c.herd.requestOf(c)
	}
	if n, errno := linux.Send(c.fd, request); errno != 0 || n != len(request) {
		c.refused("request not taken")
		return
	}
	c.state, c.matched = asking, 0
	if err := c.herd.poller.Change(c.fd, linux.Readable, c.index); err != nil {
		c.refused(err.Error())
	}
}

func (c *conn) read(buf []byte) {
	for c.state == asking || c.state == open {
		n, errno := linux.Read(c.fd, buf)
		switch {
		case errno == syscall.EAGAIN || errno == syscall.EINTR:
			return
		case errno != 0 || n == 0:
			if c.state == asking {
				c.refused(fmt.Sprintf("no answer to the handshake: %v", errno))
			} else {
				c.drop()
			}
			return
		}
		b := buf[:n]
		if c.state == asking {
			b = c.response(b)
		}
		if c.state == open {
			c.herd.bytes += int64(len(b))
			if !c.feed(b, c) && c.state == open {
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
			c.herd.noteOpen(c)
			if c.herd.message != nil {
				c.send(c.herd.message)
			}
			return b[i+1:]
		}
	}
	return nil
}

func (c *conn) message(begin []byte, size uint64) {
	c.herd.counter.message(c, begin, size)
	if c.herd.resume {
		c.herd.follow(c, begin)
	}
}

func (c *conn) controlFrame(op byte, body []byte) bool {
	switch op {
	case opPing:
		c.herd.pings++
		c.send(clientFrame(nil, opPong, body))
	case opClose:
		c.send(clientFrame(nil, opClose, body[:min(len(body), 2)]))
		c.end(retryIn(body))
	}
	return c.state == open
}

// send gives up on a connection whose server does not take a small frame.
func (c *conn) send(frame []byte) {
	if n, errno := linux.Send(c.fd, frame); errno != 0 || n != len(frame) {
		c.drop()
	}
}

func (c *conn) refused(why string) {
	if c.place.away && c.state == connecting {
		c.drop() // nobody listens yet
		return
	}
	if c.herd.firstRefusal == "" {
		c.herd.firstRefusal = why
	}
	c.herd.bad++
	c.drop()
}

func (c *conn) drop() { c.end(0) }

// end closes the connection; the server asked to be left alone for a while if
// hint is not 0.
func (c *conn) end(hint time.Duration) {
	was := c.state
	if was == dead || was == resting {
		return
	}
	c.state = dead
	syscall.Close(c.fd)
	h := c.herd
	switch {
	case h.resume && (was == open || c.place.away):
		h.comeBack(c, was, hint)
	case was == open:
		h.closes++
	default:
		h.failed++
	}
}
