package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// fed is a connection whose input is given and whose output is kept.
type fed struct {
	io.Reader
	sent bytes.Buffer
}

func (f *fed) Write(p []byte) (int, error)      { return f.sent.Write(p) }
func (f *fed) Close() error                     { return nil }
func (f *fed) LocalAddr() net.Addr              { return nil }
func (f *fed) RemoteAddr() net.Addr             { return nil }
func (f *fed) SetDeadline(time.Time) error      { return nil }
func (f *fed) SetReadDeadline(time.Time) error  { return nil }
func (f *fed) SetWriteDeadline(time.Time) error { return nil }

func connOf(b []byte, o Options) (*Conn, *fed) {
	f := &fed{Reader: bytes.NewReader(b)}
	return &Conn{conn: f, in: bufio.NewReader(f), options: o.withDefaults()}, f
}

// code is that of the first close frame that was sent, 0 without one.
func (f *fed) code() ws.StatusCode {
	for {
		h, err := ws.ReadHeader(&f.sent)
		if err != nil {
			return 0
		}
		payload := f.sent.Next(int(h.Length))
		ws.Cipher(payload, h.Mask, 0)
		if h.OpCode == ws.OpClose {
			code, _ := ws.ParseCloseFrameData(payload)
			return code
		}
	}
}

func TestReadHoldsTheServerToTheProtocol(t *testing.T) {
	for _, c := range []struct {
		name  string
		bytes []byte
		want  string
		code  ws.StatusCode
	}{
		{"a text", []byte("\x81\x02hi"), "hi", 0},
		{"fragments with a ping between", []byte("\x01\x01h\x89\x00\x80\x01i"), "hi", 0},
		{"a pong nobody asked for", []byte("\x8a\x01x\x81\x02hi"), "hi", 0},
		{"a masked frame", []byte("\x81\x82\x00\x00\x00\x00hi"), "", 1002},
		{"reserved bits", []byte("\xc1\x02hi"), "", 1002},
		{"an unknown kind", []byte("\x83\x02hi"), "", 1002},
		{"a fragmented ping", []byte("\x09\x00"), "", 1002},
		{"a long ping", append([]byte("\x89\x7e\x00\x7e"), make([]byte, 126)...), "", 1002},
		{"a continuation of nothing", []byte("\x80\x02hi"), "", 1002},
		{"a text within a text", []byte("\x01\x01h\x81\x01i"), "", 1002},
		{"binary", []byte("\x82\x02hi"), "", 1003},
		{"not UTF-8", []byte("\x81\x02h\xff"), "", 1007},
		{"too long", []byte("\x81\x7e\x01\x00"), "", 1009},
		{"too long in parts", append(append([]byte("\x01\x64"), make([]byte, 100)...), 0x80, 30), "", 1009},
		{"far too long", []byte("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"), "", 1009},
		{"an impossible length", []byte("\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"), "", 0},
		{"half a frame", []byte("\x81\x05hi"), "", 0},
		{"half a header", []byte("\x81"), "", 0},
	} {
		conn, out := connOf(c.bytes, Options{MaxMessage: 128})
		got, err := conn.ReadRaw()
		if string(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
		if code := out.code(); code != c.code {
			t.Errorf("%s: left with %d, want %d (%v)", c.name, code, c.code, err)
		}
	}
}

func TestClosing(t *testing.T) {
	for _, c := range []struct {
		name   string
		bytes  string
		want   ClosedError
		answer ws.StatusCode
	}{
		{"nothing said", "\x88\x00", ClosedError{Code: 1005}, 1000},
		{"a code", "\x88\x02\x03\xe8", ClosedError{Code: 1000}, 1000},
		{"a hint without a time", "\x88\x13\x03\xf4restarting retry=", ClosedError{Code: 1012, Reason: "restarting retry="}, 1012},
		{"a hint with a time", "\x88\x10\x03\xf4bye, retry=250", ClosedError{Code: 1012, Reason: "bye, retry=250", Retry: 250 * time.Millisecond}, 1012},
		{"a hint of weeks", "\x88\x12\x03\xf4retry=2000000000", ClosedError{Code: 1012, Reason: "retry=2000000000", Retry: maxRetry}, 1012},
		{"a reason that is not UTF-8", "\x88\x03\x03\xe8\xff", ClosedError{Code: 1000}, 1000},
	} {
		conn, out := connOf([]byte(c.bytes), Options{})
		_, err := conn.ReadRaw()
		var closed *ClosedError
		if !errors.As(err, &closed) {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if *closed != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, *closed, c.want)
		}
		if code := out.code(); code != c.answer {
			t.Errorf("%s: answered with %d, want %d", c.name, code, c.answer)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("\x81\x02hi\x88\x02\x03\xe8"))
	f.Add([]byte("\x01\x01h\x89\x00\x80\x01i"))
	f.Add([]byte("\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"))
	f.Add([]byte("\x81\x39{\"op\":\"samples\",\"sub\":3,\"rev\":1,\"t\":1763683200000,\"v\":[12.5]}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		conn, _ := connOf(b, Options{MaxMessage: 1 << 12})
		for {
			if _, err := conn.Read(); err != nil {
				return
			}
		}
	})
}
