package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// A flock is connections over TLS that do nothing but answer pings, each with a
// goroutine of its own: what it costs on this side is not measured.
type flock struct {
	conns []net.Conn
	done  atomic.Bool
	lost  atomic.Int64
	work  sync.WaitGroup
}

// openSecured opens n of them, some at a time.
func openSecured(ctx context.Context, address string, n int, c *tls.Config) (*flock, error) {
	f := &flock{conns: make([]net.Conn, n)}
	var opening sync.WaitGroup
	var failed atomic.Pointer[error]
	var next atomic.Int64
	for range 64 {
		opening.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && failed.Load() == nil; i = next.Add(1) - 1 {
				conn, err := f.open(ctx, address, c)
				if err != nil {
					failed.Store(&err)
					return
				}
				f.conns[i] = conn
			}
		})
	}
	opening.Wait()
	if err := failed.Load(); err != nil {
		f.close()
		return nil, fmt.Errorf("open a connection over TLS: %w", *err)
	}
	return f, nil
}

func (f *flock) open(ctx context.Context, address string, c *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	d := tls.Dialer{Config: c}
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(conn, 256)
	_, err = fmt.Fprintf(conn, "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	if err == nil {
		var resp *http.Response
		if resp, err = http.ReadResponse(in, nil); err == nil && resp.StatusCode != http.StatusSwitchingProtocols {
			err = fmt.Errorf("status %d", resp.StatusCode)
		}
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	f.work.Go(func() {
		if err := answerPings(conn, in); err != nil && !f.done.Load() {
			f.lost.Add(1)
		}
	})
	return conn, nil
}

// answerPings reads frames of control size until the connection ends.
func answerPings(conn net.Conn, in *bufio.Reader) error {
	const ping, pong, masked = 0x89, 0x8a, 0x80
	for {
		var frame [2 + 4 + 125]byte
		if _, err := io.ReadFull(in, frame[:2]); err != nil {
			return err
		}
		op, n := frame[0], int(frame[1])
		if n > 125 {
			return fmt.Errorf("a frame of more than 125 bytes")
		}
		if _, err := io.ReadFull(in, frame[6:6+n]); err != nil {
			return err
		}
		if op == ping { // the mask is zero
			frame[0], frame[1] = pong, masked|byte(n)
			if _, err := conn.Write(frame[:6+n]); err != nil {
				return err
			}
		}
	}
}

// close ends all of them and waits until nobody reads any more.
func (f *flock) close() {
	f.done.Store(true)
	for _, c := range f.conns {
		if c != nil {
			c.Close()
		}
	}
	f.work.Wait()
}
