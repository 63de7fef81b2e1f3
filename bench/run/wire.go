package main

import (
	"bufio"
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// wire is one viewer's connection, and what has come over it. Its counters may be
// read by others, its delays when it has ended.
type wire struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
	bytes   atomic.Int64 // both ways, above TCP
	samples atomic.Int64 // values
	timed   atomic.Bool  // delays are noted
	newest  int64        // tick
	delays  []float64    // milliseconds from a tick to its arrival
}

func newWire(address string) *wire { return &wire{address: address} }

func (w *wire) connect(ctx context.Context) error {
	conn, err := net.DialTimeout("tcp", w.address, 5*time.Second)
	if err != nil {
		return err
	}
	w.conn = conn
	context.AfterFunc(ctx, func() { conn.Close() })
	w.in = bufio.NewReaderSize(w, 64<<10)
	return nil
}

func (w *wire) close() {
	if w.conn != nil {
		w.conn.Close()
	}
}

// Read implements io.Reader.
func (w *wire) Read(b []byte) (int, error) {
	n, err := w.conn.Read(b)
	w.bytes.Add(int64(n))
	return n, err
}

// Write implements io.Writer.
func (w *wire) Write(b []byte) (int, error) {
	n, err := w.conn.Write(b)
	w.bytes.Add(int64(n))
	return n, err
}

func (w *wire) ask(path, header string) (*http.Response, error) {
	if _, err := fmt.Fprintf(w, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, w.address, header); err != nil {
		return nil, err
	}
	return http.ReadResponse(w.in, nil)
}

// take notes a message that has arrived.
func (w *wire) take(message []byte) {
	if !bytes.HasPrefix(message, []byte(`{"op":"samples"`)) {
		return
	}
	var m struct {
		T int64
		V []any
	}
	if json.Unmarshal(message, &m) == nil {
		w.arrived(m.T, len(m.V))
	}
}

func (w *wire) arrived(tick int64, values int) {
	if tick <= w.newest {
		return // it has been told before
	}
	w.newest = tick
	w.samples.Add(int64(values))
	if !w.timed.Load() {
		return // the first one is as old as it is
	}
	w.delays = append(w.delays, float64(time.Now().UnixMicro()-tick*1000)/1000)
}

func (w *wire) webSocket(path, more string) error {
	res, err := w.ask(path, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"+more)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		return fmt.Errorf("handshake: %v, %w", res, err)
	}
	for {
		packed := false
		if head, err := w.in.Peek(1); err == nil {
			packed = head[0]&0x40 != 0
		}
		op, payload, err := readFrame(w.in)
		switch {
		case err != nil:
			return err
		case op == 9:
			if _, err := w.Write(append([]byte{0x8A, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...)); err != nil { // mask zero
				return err
			}
		case op == 1 && packed:
			z := flate.NewReader(io.MultiReader(bytes.NewReader(payload), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff")))
			if payload, err = io.ReadAll(io.LimitReader(z, 1<<20)); err != nil {
				return err
			}
			w.take(payload)
		case op == 1:
			w.take(payload)
		}
	}
}

func (w *wire) events(path string) error {
	res, err := w.ask(path, "Accept: text/event-stream\r\n")
	if err != nil {
		return err
	}
	for lines := bufio.NewScanner(res.Body); ; {
		if !lines.Scan() {
			return io.ErrUnexpectedEOF
		}
		if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
			w.take(data)
		}
	}
}

// polls asks again and again for what came after the cursor; each, if not 0, once
// in that time.
func (w *wire) polls(ctx context.Context, path string, each time.Duration) error {
	cursor := ""
	for {
		began := time.Now()
		var m struct {
			Cursor   string
			Messages []json.RawMessage
		}
		if err := w.get(path+cursor, &m); err != nil {
			return err
		}
		cursor = "&cursor=" + m.Cursor
		for _, message := range m.Messages {
			w.take(message)
		}
		if err := sleep(ctx, each-time.Since(began)); err != nil {
			return err
		}
	}
}

// queries asks for the values of now, once in a while.
func (w *wire) queries(ctx context.Context, path string, each time.Duration) error {
	for {
		began := time.Now()
		var m struct {
			Data struct {
				Result []struct{ Value [2]any }
			}
		}
		if err := w.get(path, &m); err != nil {
			return err
		}
		// The time in the answer is that of the question: the newest tick is what it shows.
		tick := time.Now().UnixMilli() / interval * interval
		w.arrived(tick, len(m.Data.Result))
		if err := sleep(ctx, each-time.Since(began)); err != nil {
			return err
		}
	}
}

func (w *wire) get(path string, into any) error {
	res, err := w.ask(path, "")
	if err != nil {
		return err
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, body)
	}
	if err == nil {
		err = json.Unmarshal(body, into)
	}
	return err
}
