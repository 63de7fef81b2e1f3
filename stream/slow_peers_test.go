package stream

import (
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// begin opens n connections that send what first says.
func begin(s *testServer, n int, first func(i int) string) (open []net.Conn) {
	for i := range n {
		c, err := net.Dial("tcp", s.addr)
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { c.Close() })
		io.WriteString(c, first(i))
		open = append(open, c)
	}
	return open
}

// drip goes on with a byte of rest every now and then, on all of them, and says
// when the server has closed the last.
func drip(open []net.Conn, every time.Duration, rest string) (closed <-chan time.Duration) {
	began := time.Now()
	done := make(chan time.Duration, 1)
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		at := 0
		for left := open; len(left) > 0; {
			var still []net.Conn
			for _, c := range left {
				c.SetReadDeadline(time.Now().Add(100 * time.Microsecond))
				_, err := io.Copy(io.Discard, c)
				if ne, ok := err.(net.Error); ok && ne.Timeout() {
					still = append(still, c)
				}
			}
			if left = still; time.Since(began) > patience || len(left) == 0 {
				break
			}
			<-tick.C
			for _, c := range left {
				io.WriteString(c, rest[at%len(rest):at%len(rest)+1])
			}
			at++
		}
		done <- time.Since(began)
	}()
	return done
}

// honest connects and is answered, and says how long that took.
func (s *testServer) honest() time.Duration {
	s.t.Helper()
	began := time.Now()
	c := s.dial()
	defer c.Close()
	c.send(masked(0x81, "let me in"))
	c.expect("text:let me in")
	return time.Since(began)
}

// A crowd that sends a handshake byte by byte is closed within twice the time that
// a handshake may take, and others come in meanwhile.
func TestCrowdOfSlowHandshakes(t *testing.T) {
	t.Parallel()
	o := testOptions()
	o.HandshakeTimeout = 2 * time.Second
	o.MaxConnections = 2 * slowCrowd
	s := serve(t, funcs{}, o)
	half := strings.TrimSuffix(handshake, "\r\n") + "X-A: "
	open := begin(s, slowCrowd, func(i int) string { return half[:1+i%len(half)] })
	closed := drip(open, time.Second, "abcdefgh")
	t.Logf("an honest client beside %d came in after %v", len(open), s.honest())
	took := <-closed
	t.Logf("all closed after %v", took)
	if took > patience {
		t.Errorf("%d handshakes at a byte a second took %v to close", slowCrowd, took)
	}
	eventually(t, "nothing is left of them", func() bool { return s.callers.Load() == 0 && s.Stats().Connections == 0 })
	// Some went on with what is no handshake any more, which net/http has judged.
	if n := s.Stats().Refused["timeout"]; n < slowCrowd/2 {
		t.Errorf("%d of %d are counted", n, slowCrowd)
	}
}

// A crowd of open connections that each hold half a frame's head costs no
// goroutines, does not keep others waiting, and is closed in time.
func TestCrowdOfHalfHeads(t *testing.T) {
	o := testOptions()
	o.MessageTimeout, o.HandshakeTimeout = 2*time.Second, 2*time.Second
	o.MaxConnections = 2 * slowCrowd
	s := serve(t, funcs{}, o)
	s.honest()
	before := runtime.NumGoroutine()
	heads := []string{"\x81", "\x82\xfe", "\x81\xff\x00\x00", masked(0x81, "0123456789")[:8], masked(0x01, "")}
	began := time.Now()
	open := begin(s, slowCrowd, func(i int) string { return handshake + heads[i%len(heads)] })
	if time.Since(began) < o.MessageTimeout {
		eventually(t, "all are in", func() bool { return s.Stats().Accepted == slowCrowd+1 })
		if n := runtime.NumGoroutine(); n > before+8 {
			t.Errorf("%d goroutines, %d before", n, before)
		}
	}
	t.Logf("an honest client beside %d came in after %v", len(open), s.honest())
	eventually(t, "all are closed", func() bool { return s.Stats().Closed["stalled"] == slowCrowd })
	t.Logf("all closed %v after the last", time.Since(began))
}
