package stream

import (
	"context"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"
)

// An engine that ends tells everybody when to come back, evenly spread, and when
// they all come back at once the next one lets everybody in.
func TestRestartWithoutAStampede(t *testing.T) {
	const clients = 600
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	run := func(ln net.Listener) *testServer {
		e, err := New(funcs{open: func(_ context.Context, _ *Request, turn *Turn) { turn.Send([]byte("hello")) }}, testOptions())
		if err != nil {
			t.Fatal(err)
		}
		return serveOn(t, e, ln)
	}
	first := run(ln)
	all := make([]*client, clients)
	for i := range all {
		all[i] = first.dial()
		all[i].expect("text:hello")
	}
	longest := 200*time.Millisecond + spreadOver(clients)
	stopped := make(chan struct{})
	go func() { first.stop(); close(stopped) }()
	var quarters [4]int
	for _, c := range all {
		hint := c.retryHint()
		if hint < 200*time.Millisecond || hint >= longest {
			t.Fatalf("told to come back after %v, want 200ms to %v", hint, longest)
		}
		quarters[int(4*(hint-200*time.Millisecond)/(longest-200*time.Millisecond))]++
		c.Close()
	}
	<-stopped
	for i, n := range quarters { // 150 each; 75 is seven deviations away
		if n < clients/8 || n > 3*clients/8 {
			t.Errorf("of %d clients %d are told to come back in quarter %d of the time", clients, n, i+1)
		}
	}

	// At another address: somebody else may have got the first one meanwhile.
	if ln, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	second := run(ln)
	for i := range all {
		conn, err := net.Dial("tcp", second.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		all[i] = second.request(conn, handshake)
	}
	for _, c := range all {
		c.answered()
		c.expect("text:hello")
	}
}

// retryHint reads up to the close frame and returns when to come back.
func (c *client) retryHint() time.Duration {
	c.t.Helper()
	head := make([]byte, 2)
	for {
		if _, err := c.r.Read(head[:1]); err != nil {
			c.t.Fatal(err)
		}
		n, err := c.r.ReadByte()
		if err != nil {
			c.t.Fatal(err)
		}
		payload := make([]byte, n)
		for i := range payload {
			if payload[i], err = c.r.ReadByte(); err != nil {
				c.t.Fatal(err)
			}
		}
		if head[0] != 0x88 {
			continue
		}
		_, hint, _ := strings.Cut(string(payload), "retry=")
		ms, err := strconv.Atoi(hint)
		if err != nil {
			c.t.Fatalf("closed with %q: %v", payload, err)
		}
		return time.Duration(ms) * time.Millisecond
	}
}
