package stream

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"testing"
	"time"
)

type testServer struct {
	*Engine
	t       *testing.T
	addr    string
	address net.Addr
	stop    func()
}

func testOptions() Options {
	c := DefaultConfig()
	c.MaxConnections = 5000
	c.PongTimeout = 5 * time.Minute // the clients here answer no pings
	return Options{Config: c, Shards: 2}
}

// serve starts an engine behind a HTTP server on a port of its own.
func serve(t *testing.T, h Handler, o Options) *testServer {
	t.Helper()
	e, err := New(h, o)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, e, ln)
}

func serveOn(t *testing.T, e *Engine, ln net.Listener) *testServer {
	listen := e.Listen
	if isSecured(t) {
		listen = func(l net.Listener) (net.Listener, error) { return e.ListenTLS(l, serverTLS()) }
	}
	ln, err := listen(ln)
	if err != nil {
		t.Fatal(err)
	}
	return serveWith(t, e, ln, e)
}

func serveWith(t *testing.T, e *Engine, ln net.Listener, h http.Handler) *testServer {
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{Handler: h, ReadHeaderTimeout: max(2*time.Second, e.o.HandshakeTimeout), MaxHeaderBytes: 12 << 10, ErrorLog: log.New(io.Discard, "", 0)}
	done := make(chan struct{}, 2)
	go func() { server.Serve(ln); done <- struct{}{} }()
	go func() {
		if err := e.Run(ctx); err != nil {
			t.Error(err)
		}
		done <- struct{}{}
	}()
	s := &testServer{Engine: e, t: t, addr: ln.Addr().String(), address: ln.Addr()}
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		grace, enough := context.WithTimeout(context.Background(), 3*time.Second)
		server.Shutdown(grace) // its connections linger for a moment
		enough()
		server.Close()
		<-done
		<-done
	}
	t.Cleanup(s.stop)
	eventually(t, "the engine runs", func() bool { return e.running.Load() })
	return s
}

// accepting returns an engine that does not run yet, what it accepts on, and what
// comes out of that for others.
func accepting(t *testing.T, o Options, network, address string) (e *Engine, inner, ln net.Listener) {
	t.Helper()
	e, err := New(funcs{}, o)
	if err != nil {
		t.Fatal(err)
	}
	if inner, err = net.Listen(network, address); err != nil {
		t.Fatal(err)
	}
	if ln, err = e.Listen(inner); err != nil {
		t.Fatal(err)
	}
	return e, inner, ln
}

func (s *testServer) dial() *client { return s.dialWith("") }

// dialWith sends more bytes together with the handshake.
func (s *testServer) dialWith(more string) *client {
	s.t.Helper()
	k, resp := s.handshake(handshake + more)
	if x := resp.Header.Get("Sec-WebSocket-Extensions"); x != "" {
		s.t.Fatalf("extension that was not offered: %s", x)
	}
	return k
}

// connect opens a connection as the server wants it: secured if it is.
func (s *testServer) connect() net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	if isSecured(s.t) {
		c.SetDeadline(time.Now().Add(2 * patience))
		return tls.Client(c, clientTLS())
	}
	return c
}

// plain opens a connection without TLS and sends what a stranger says first.
func (s *testServer) plain(first string) net.Conn {
	s.t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	io.WriteString(c, first)
	return c
}

// socket is what lies below a connection.
func socket(c net.Conn) *net.TCPConn {
	if s, ok := c.(*tls.Conn); ok {
		c = s.NetConn()
	}
	return c.(*net.TCPConn)
}

func (s *testServer) handshake(request string) (*client, *http.Response) {
	s.t.Helper()
	c := s.connect()
	s.t.Cleanup(func() { c.Close() })
	k := s.request(c, request)
	return k, k.answered()
}

// request sends a handshake whose answer is still to be read.
func (s *testServer) request(c net.Conn, request string) *client {
	k := &client{Conn: c, t: s.t, r: bufio.NewReader(c)}
	c.SetDeadline(time.Now().Add(2 * patience))
	order()
	io.WriteString(c, request)
	return k
}
