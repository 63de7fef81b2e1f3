package stream

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

type ctxt = context.Context

func TestHandshakeRefused(t *testing.T) {
	o := testOptions()
	o.Protocols = []string{"a.v1", "b.v1"}
	s := serve(t, funcs{}, o)
	good := strings.TrimSuffix(handshake, "\r\n")
	for _, v := range []struct {
		name, request string
		status        int
		says          string
	}{
		{"post", strings.Replace(good, "GET", "POST", 1), 405, "use GET"},
		{"plain get", "GET / HTTP/1.1\r\nHost: x\r\n", 426, "WebSocket endpoint"},
		{"proxy took the headers", "GET / HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n", 426, "a proxy"},
		{"other upgrade", strings.Replace(good, "websocket", "h2c", 1), 426, ""},
		{"no connection", strings.Replace(good, "Connection: Upgrade", "Connection: close", 1), 426, ""},
		{"version 8", strings.Replace(good, "Version: 13", "Version: 8", 1), 426, "13"},
		{"version twice", good + "Sec-WebSocket-Version: 13\r\n", 426, "13"},
		{"no key", strings.Replace(good, "Sec-WebSocket-Key", "X-Key", 1), 400, "16 bytes"},
		{"short key", strings.Replace(good, "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZQ==", 1), 400, "16 bytes"},
		{"key of 24 letters", strings.Replace(good, "dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ!!", 1), 400, "16 bytes"},
		{"two keys", good + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", 400, "16 bytes"},
		{"a body", good + "Content-Length: 3\r\n", 400, "without a body"},
		{"chunked", good + "Transfer-Encoding: chunked\r\n", 400, "without a body"},
		{"unknown protocol", good + "Sec-WebSocket-Protocol: c.v1, d.v1\r\n", 400, "a.v1, b.v1"},
		{"http/1.0", strings.Replace(good, "HTTP/1.1", "HTTP/1.0", 1), 400, ""},
		{"second known", good + "Sec-WebSocket-Protocol: c.v1, b.v1,a.v1\r\n", 101, "b.v1"},
		{"second header", good + "Sec-WebSocket-Protocol: c.v1\r\nSec-WebSocket-Protocol: a.v1\r\n", 101, "a.v1"},
		{"list of connections", strings.Replace(good, "Connection: Upgrade", "Connection: keep-alive, upgrade", 1), 101, ""},
		{"unknown extension", good + "Sec-WebSocket-Extensions: x-bzip2\r\n", 101, ""},
		{"broken extensions", good + "Sec-WebSocket-Extensions: permessage-deflate; =\r\n", 400, "9.1"},
	} {
		c := s.plain(v.request + "\r\n")
		k := &client{Conn: c, t: t}
		resp, err := http.ReadResponse(k.reader(), nil)
		if err != nil {
			t.Errorf("%s: %v", v.name, err)
			c.Close()
			continue
		}
		text := resp.Header.Get("Sec-WebSocket-Protocol")
		if resp.StatusCode != 101 {
			b, _ := io.ReadAll(io.LimitReader(resp.Body, resp.ContentLength))
			text = string(b)
		}
		if resp.StatusCode != v.status || !strings.Contains(text, v.says) || resp.Header.Get("Sec-WebSocket-Extensions") != "" {
			t.Errorf("%s: %d %q", v.name, resp.StatusCode, text)
		}
		c.Close()
	}
}

func TestCaps(t *testing.T) {
	o := testOptions()
	o.MaxConnections, o.MaxSubscriptions = 3, 2
	s := serve(t, funcs{}, o)
	for range 3 {
		s.dial()
	}
	resp, err := http.DefaultTransport.RoundTrip(upgradeRequest(s.addr))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	if resp.StatusCode != 503 || s.Stats().Refused["full"] != 1 {
		t.Errorf("%d, %v", resp.StatusCode, s.Stats().Refused)
	}
}

func upgradeRequest(addr string) *http.Request {
	r, _ := http.NewRequest("GET", "http://"+addr+"/", nil)
	for k, v := range map[string]string{"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
		r.Header.Set(k, v)
	}
	return r
}

func TestDoor(t *testing.T) {
	var d door
	d.init(10, 2)
	addr := netip.MustParseAddr
	enter := func(a string) (uint32, bool) {
		ticket, _, ok := d.enter(addr(a))
		return ticket, ok
	}
	t1, ok1 := enter("192.0.2.1")
	_, ok2 := enter("::ffff:192.0.2.1") // the same host
	_, ok3 := enter("192.0.2.1")
	if !ok1 || !ok2 || ok3 {
		t.Error("bound per address", ok1, ok2, ok3)
	}
	d.leave(t1)
	if _, ok := enter("192.0.2.1"); !ok {
		t.Error("no room after one has left")
	}
	for i := range 2 { // one host has a whole /64
		if _, ok := enter(fmt.Sprintf("2001:db8::%d", i+1)); !ok {
			t.Error("IPv6", i)
		}
	}
	if _, ok := enter("2001:db8::9"); ok {
		t.Error("a third from one /64")
	}
	for range 6 {
		if _, ok := enter("127.0.0.1"); !ok {
			t.Error("loopback is exempt")
		}
	}
	if _, why, ok := d.enter(netip.Addr{}); ok || why != refusedFull {
		t.Error("an eleventh")
	}
}

func TestUnixSocket(t *testing.T) {
	e, err := New(funcs{}, testOptions())
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, e, ln)
	c, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(patience))
	io.WriteString(c, handshake+masked(0x81, "over a file"))
	k := &client{Conn: c, t: t}
	if _, err := http.ReadResponse(k.reader(), nil); err != nil {
		t.Fatal(err)
	}
	k.expect("text:over a file")
	c.Close()
	s.stop()
}

// shortOptions have times that a test can wait for.
func shortOptions() Options {
	o := testOptions()
	o.PingInterval, o.PongTimeout = 400*time.Millisecond, 400*time.Millisecond
	o.MessageTimeout = 400 * time.Millisecond
	return o
}

// A peer that vanished is closed; one that says anything at all is not.
func TestHalfOpenPeer(t *testing.T) {
	t.Parallel()
	testHalfOpenPeer(t, testOptions())
}

func testHalfOpenPeer(t *testing.T, o Options) {
	o.PingInterval, o.PongTimeout = 300*time.Millisecond, 5*time.Second
	s := serve(t, funcs{}, o)
	s.dial() // never answers a ping
	alive := s.dial()
	for pings := 0; s.Stats().Closed["timeout"] == 0; pings++ {
		alive.expect("ping:")
		alive.send(masked(0x8a, string(alive.pinged)))
	}
	alive.send(masked(0x81, "still here"))
	for f := "ping:"; f != "text:still here"; f = alive.frame() {
		if f != "ping:" {
			t.Fatal(f)
		}
	}
	if st := s.Stats(); st.Closed["timeout"] != 1 {
		t.Errorf("closed: %v", st.Closed)
	}
}

func TestStalledFrame(t *testing.T) {
	t.Parallel()
	o := shortOptions()
	o.PingInterval = time.Minute
	o.PongTimeout = 5 * time.Minute
	s := serve(t, funcs{}, o)
	var clients []*client
	for _, part := range []string{"\x81", masked(0x81, "hello")[:7], masked(0x01, "a")} {
		c := s.dial()
		c.send(part)
		clients = append(clients, c)
	}
	for _, c := range clients {
		c.expect("close:1008", "eof")
	}
}

// A peer that never answers our close frame is closed all the same.
func TestCloseNotAnswered(t *testing.T) {
	t.Parallel()
	o := shortOptions()
	o.PingInterval, o.HandshakeTimeout = time.Minute, time.Second
	s := serve(t, funcs{message: func(_ ctxt, _ Conn, _ bool, _ []byte, t *Turn) {
		t.Send([]byte("last"))
		t.Close(1013, "overloaded"+strings.Repeat("!", 200))
		t.Send([]byte("never"))
	}}, o)
	c := s.dial()
	c.send(masked(0x81, "x"))
	c.expect("text:last", "close:1013", "eof")
	eventually(t, "counted", func() bool { return s.Stats().Closed["handler"] == 1 })
}

func TestPingFlood(t *testing.T) {
	o := testOptions()
	o.MaxControlFrames = 200 // which any machine can answer in a second
	s := serve(t, funcs{}, o)
	c := s.dial()
	go c.Write([]byte(strings.Repeat(masked(0x89, "x"), 50000)))
	for {
		switch f := c.frame(); f {
		case "pong:x", "ping:":
		case "close:1008":
			return
		default:
			t.Fatal(f)
		}
	}
}

// Connections that announce the most and stall cost what they sent.
func TestAnnouncedAndStalled(t *testing.T) {
	o := testOptions()
	o.MaxMessage = 1 << 20
	s := serve(t, funcs{}, o)
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for range 1000 {
		s.dial().send(head(0x82, 0xff, 0, 0, 0, 0, 0, 0x10, 0, 0) + "abc")
	}
	eventually(t, "read", func() bool { return s.Stats().BytesReceived >= 1000*17 })
	if after := heap(); after > before+128<<20 { // both ends and the race detector's share; announced was a gigabyte
		t.Errorf("%d bytes more", after-before)
	}
}

func TestHeartbeat(t *testing.T) {
	t.Parallel()
	o := shortOptions()
	o.PongTimeout = time.Minute
	o.heartbeatAfter = 300 * time.Millisecond
	o.Heartbeat = func(int64) []byte { return []byte("beat") }
	s := serve(t, funcs{}, o)
	c := s.dial()
	c.expect("text:beat", "text:beat")
}
