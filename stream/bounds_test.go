package stream

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Whoever breaks a bound is closed with the code for it, and counted under the
// bound's name.
func TestBoundsAreCounted(t *testing.T) {
	t.Parallel()
	var topic *Topic
	o := shortOptions()
	o.PingInterval, o.PongTimeout = time.Minute, time.Minute
	o.MaxMessage, o.MaxControlFrames, o.MaxSubscriptions = 1<<10, 50, 1
	f := following(func() *Topic { return topic })
	message := f.message
	f.message = func(ctx ctxt, c Conn, text bool, payload []byte, t *Turn) {
		switch string(payload) {
		case "panic":
			panic("as asked")
		case "leave":
			t.Close(4000, "")
		case "policy":
			t.Close(1008, "")
		default:
			message(ctx, c, text, payload, t)
		}
	}
	s := serve(t, f, o)
	topic = s.NewTopic(TopicOptions{})
	for _, v := range []struct{ reason, send, last string }{
		{"protocol", masked(0x83, ""), "close:1002"},
		{"invalid", masked(0x81, "\xff"), "close:1007"},
		{"too_big", head(0x82, 0xff, 0x3f, 0, 0, 0, 0, 0, 0, 0), "close:1009"},
		{"fragments", masked(0x01, "") + strings.Repeat(masked(0x00, ""), 300), "close:1008"},
		{"fragments", masked(0x02, "a") + strings.Repeat(masked(0x00, "b"), 300), "close:1008"},
		{"flood", strings.Repeat(masked(0x89, ""), 120), "close:1008"},
		{"flood", strings.Repeat(masked(0x8a, "pong"), 120), "close:1008"},
		{"bad_messages", strings.Repeat(masked(0x81, "bad"), 10), "close:1008"},
		{"bad_messages", strings.Repeat(masked(0x81, "sub 0"), 12), "close:1008"},
		{"stalled", "\x81", "close:1008"},
		{"internal", masked(0x81, "panic"), "close:1011"},
		{"handler", masked(0x81, "leave"), "close:4000"},
		{"policy", masked(0x81, "policy"), "close:1008"},
		{"normal", masked(0x88, "\x03\xe8"), "close:1000"},
	} {
		before := s.Stats().Closed
		c := s.dial()
		go io.WriteString(c.Conn, v.send)
		f := c.frame()
		for ; f != "eof" && !strings.HasPrefix(f, "close:"); f = c.frame() {
		}
		if f != v.last {
			t.Errorf("%s: %s, want %s", v.reason, f, v.last)
		}
		c.Close()
		eventually(t, v.reason+" is counted", func() bool { return s.Stats().Closed[v.reason] == before[v.reason]+1 })
		for reason, n := range s.Stats().Closed {
			if reason != v.reason && n != before[reason] {
				t.Errorf("%s is counted as %s", v.reason, reason)
			}
		}
	}
	if bad := s.Stats().Bad; bad["what"] != 10 || bad["duplicate"] != 10 || len(bad) != 2 {
		t.Errorf("bad: %v", bad)
	}
}

// Handshakes that find no room are told when to come back, and counted.
func TestRefusalsAreCounted(t *testing.T) {
	o := testOptions()
	o.MaxConnections, o.MaxPerAddress = 10, 2
	s := serve(t, funcs{}, o)
	ask := func(remote string, change func(*http.Request)) *http.Response {
		r := httptest.NewRequest("GET", "/", nil)
		for k, v := range upgradeRequest(s.addr).Header {
			r.Header[k] = v
		}
		r.RemoteAddr = remote
		if change != nil {
			change(r)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Result()
	}
	for range 2 {
		if _, _, ok := s.door.enter(netip.MustParseAddr("192.0.2.1")); !ok {
			t.Fatal("no room")
		}
	}
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	for _, v := range []struct {
		reason, remote string
		change         func(*http.Request)
		status         int
		retry          bool
	}{
		{"address", "192.0.2.1:5", nil, 429, true},
		{"method", "192.0.2.2:5", func(r *http.Request) { r.Method = "PUT" }, 405, false},
		{"upgrade", "192.0.2.2:5", header("Upgrade", "h2c"), 426, false},
		{"upgrade", "192.0.2.2:5", header("Sec-WebSocket-Version", "12"), 426, false},
		{"upgrade", "192.0.2.2:5", header("Sec-WebSocket-Key", "x"), 400, false},
	} {
		before := s.Stats().Refused[v.reason]
		resp := ask(v.remote, v.change)
		if resp.StatusCode != v.status || (resp.Header.Get("Retry-After") != "") != v.retry || s.Stats().Refused[v.reason] != before+1 {
			t.Errorf("%s: %d, Retry-After %q, counted %v", v.reason, resp.StatusCode, resp.Header.Get("Retry-After"), s.Stats().Refused)
		}
	}
	for range 8 {
		if _, _, ok := s.door.enter(netip.Addr{}); !ok {
			t.Fatal("no room")
		}
	}
	if resp := ask("192.0.2.3:5", nil); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || s.Stats().Refused["full"] != 1 {
		t.Errorf("full: %d, counted %v", resp.StatusCode, s.Stats().Refused)
	}
	s.stop()
	if resp := ask("192.0.2.3:5", nil); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" || s.Stats().Refused["closing"] != 1 {
		t.Errorf("closing: %d, counted %v", resp.StatusCode, s.Stats().Refused)
	}
}
