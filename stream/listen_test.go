package stream

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Those that never ask to come in are closed in time, and an honest one comes in
// meanwhile.
func TestHandshakeNotCompleted(t *testing.T) {
	t.Parallel()
	o := shortOptions()
	o.PingInterval, o.PongTimeout, o.HandshakeTimeout = time.Second, time.Minute, time.Second
	s := serve(t, funcs{}, o)
	var slow []net.Conn
	for i := range 200 {
		slow = append(slow, s.plain(handshake[:i%len(handshake)/2]))
	}
	honest := s.dial()
	honest.send(masked(0x81, "in"))
	for f := honest.frame(); f != "text:in"; f = honest.frame() {
		if f != "ping:" {
			t.Fatal(f)
		}
	}
	for i, c := range slow {
		if b, err := io.ReadAll(c); len(b) > 0 || err != nil && !strings.Contains(err.Error(), "reset") {
			t.Errorf("%d: %q, %v", i, b, err)
		}
	}
	eventually(t, "all are counted", func() bool {
		st := s.Stats()
		return st.Refused["timeout"] == 200 && st.Connections == 1 && s.callers.Load() == 0
	})
}

// A listener that is full leaves those who arrive in the kernel's queue, does
// not spin, and goes on when there is room.
func TestNoRoomForMore(t *testing.T) {
	o := testOptions()
	o.Shards = 1
	e, err := New(funcs{}, o)
	if err != nil {
		t.Fatal(err)
	}
	e.callerLimit = 3
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := serveOn(t, e, ln)
	first := []*client{s.dial(), s.dial(), s.dial()}
	c := s.plain(handshake)
	began, before := time.Now(), s.Turns()[0]
	tick := time.NewTimer(500 * time.Millisecond)
	<-tick.C
	if n := s.Turns()[0] - before; n > uint64(time.Since(began)/(10*time.Millisecond)) {
		t.Errorf("%d turns while there was no room for %v", n, time.Since(began))
	}
	first[1].Close()
	if resp, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil || resp.StatusCode != 101 {
		t.Errorf("%v, %v", resp, err)
	}
}

// What is not for the engine comes out of the listener, which closes as others do.
func TestListenerHandsOver(t *testing.T) {
	o := testOptions()
	o.Path = "/s"
	path := filepath.Join(t.TempDir(), "sock")
	e, inner, ln := accepting(t, o, "unix", path)
	if ln == inner {
		t.Fatal("the poller does not accept")
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/big", func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.Write(b)
	})
	s := serveWith(t, e, ln, mux)
	client := &http.Client{Transport: &http.Transport{
		Dial:              func(string, string) (net.Conn, error) { return net.Dial("unix", path) },
		DisableKeepAlives: true,
	}}
	body := strings.Repeat("0123456789", 30000)
	for range 20 {
		resp, err := client.Post("http://x/big", "text/plain", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(resp.Body); err != nil || string(b) != body {
			t.Errorf("%d bytes, %v", len(b), err)
		}
		resp.Body.Close()
	}
	eventually(t, "nobody is left", func() bool { return e.callers.Load() == 0 })
	s.stop()
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket's file: %v", err)
	}
	if _, err := ln.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if err := ln.Close(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

// An engine that never runs gives its sockets back all the same.
func TestListenerClosedBeforeRun(t *testing.T) {
	e, _, ln := accepting(t, testOptions(), "tcp", "127.0.0.1:0")
	addr := ln.Addr().String()
	if err := ln.Close(); err != nil {
		t.Error(err)
	}
	again, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Run(ctx); err != nil {
		t.Error(err)
	}
}
