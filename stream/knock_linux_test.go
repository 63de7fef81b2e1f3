package stream

import (
	"io"
	"net"
	"testing"
)

// A request that came in time is answered, however late the loop gets to it: after
// a restart thousands knock at once, on a machine that is busy.
func TestKnockThatWasNotLookedAtInTime(t *testing.T) {
	e, err := New(funcs{}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range e.shards {
		defer s.release()
		defer s.closeAll()
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if ln, err = e.Listen(ln); err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	l := ln.(*listener)
	s := l.s
	for i, request := range []string{handshake, handshake[:20]} {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the connection waits", func() bool {
			fd, err := s.accepts.accept(l.fd, l.inherited)
			if err != nil {
				return false
			}
			e.callers.Add(1)
			s.knock(fd, l.number)
			return true
		})
		s.now += 2 * s.ticks(e.o.HandshakeTimeout)
		s.sweepKnocks()
		if in, late := e.accepted.Load(), e.refused[refusedTimeout].Load(); in != 1 || late != uint64(i) || s.knocking != 0 {
			t.Errorf("request %d: %d let in, %d refused for being late, %d still knock", i, in, late, s.knocking)
		}
	}
}
