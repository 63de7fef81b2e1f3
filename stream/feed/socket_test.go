package feed

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"monitord/stream/wire"
)

// patience is a deadline of the protocol with much room to spare.
const patience = 20 * time.Second

// A socket is the least WebSocket client that a test needs.
type socket struct {
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
}

// dial connects. An engine that has not begun to run says so: it is asked again.
func dial(t testing.TB, addr, query string, protocols ...string) *socket {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		s, status := handshake(t, addr, query, protocols...)
		if status == http.StatusSwitchingProtocols {
			return s
		}
		s.conn.Close()
		if status != http.StatusServiceUnavailable || time.Now().After(deadline) {
			t.Fatalf("handshake: %d", status)
		}
	}
}

// handshake asks for a connection, in one of the subprotocols if any are named.
func handshake(t testing.TB, addr, query string, protocols ...string) (*socket, int) {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(3 * patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET /api/v1/stream?%s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", query, addr)
	if len(protocols) > 0 {
		fmt.Fprintf(conn, "Sec-WebSocket-Protocol: %s\r\n", strings.Join(protocols, ", "))
	}
	io.WriteString(conn, "\r\n")
	s := &socket{t: t, conn: conn, r: bufio.NewReader(conn)}
	res, err := http.ReadResponse(s.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Sec-WebSocket-Protocol"); res.StatusCode == http.StatusSwitchingProtocols && got != strings.Join(protocols, "") {
		t.Fatalf("handshake: %q was agreed on", got)
	}
	return s, res.StatusCode
}

func (s *socket) send(text string) { s.frame(1, []byte(text)) }

func (s *socket) frame(op byte, payload []byte) {
	s.t.Helper()
	head := []byte{0x80 | op, 0x80 | byte(len(payload))}
	if len(payload) > 125 {
		head[1] = 0x80 | 126
		head = binary.BigEndian.AppendUint16(head, uint16(len(payload)))
	}
	head = append(head, 0, 0, 0, 0) // a mask that changes nothing
	if _, err := s.conn.Write(append(head, payload...)); err != nil {
		s.t.Fatal(err)
	}
}

// frameIn returns the next frame's opcode and payload. It answers pings.
func (s *socket) frameIn() (byte, []byte, error) {
	for {
		op, payload, err := s.anyFrame()
		if err != nil || op != 9 {
			return op, payload, err
		}
		s.frame(10, payload)
	}
}

func (s *socket) anyFrame() (byte, []byte, error) {
	var head [2]byte
	if _, err := io.ReadFull(s.r, head[:]); err != nil {
		return 0, nil, err
	}
	n := uint64(head[1] & 127)
	if size := map[uint64]int{126: 2, 127: 8}[n]; size > 0 {
		var ext [8]byte
		if _, err := io.ReadFull(s.r, ext[8-size:]); err != nil {
			return 0, nil, err
		}
		n = binary.BigEndian.Uint64(ext[:])
	}
	payload := make([]byte, n)
	_, err := io.ReadFull(s.r, payload)
	return head[0] & 15, payload, err
}

// next returns the next message as it came. Heartbeats of the connection are
// left out: they may come at any time.
func (s *socket) next() string {
	s.t.Helper()
	for {
		op, payload, err := s.frameIn()
		if err != nil {
			s.t.Fatalf("read: %v", err)
		}
		switch op {
		case 1:
			if strings.HasPrefix(string(payload), `{"op":"heartbeat","t":`) {
				continue
			}
			return string(payload)
		case 8:
			s.t.Fatalf("closed with %d %s", binary.BigEndian.Uint16(payload), payload[2:])
		}
	}
}

func (s *socket) decoded() wire.Message {
	s.t.Helper()
	text := s.next()
	m, err := wire.Decode([]byte(text))
	if err != nil || m == nil {
		s.t.Fatalf("%s: %v", text, err)
	}
	return m
}

// want reads the next messages and compares them.
func (s *socket) want(messages ...string) {
	s.t.Helper()
	for _, want := range messages {
		if got := s.next(); got != want {
			s.t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

// quiet checks that nothing comes of what has been published.
func (s *socket) quiet() {
	s.t.Helper()
	if got := s.untilPongs(); len(got) > 0 {
		s.t.Fatalf("got %s, want nothing", got[0])
	}
}

// untilPongs returns all that has been published. The answer to a ping may overtake
// that; the answer to a second one, which is asked for when the first is there, comes
// from a later turn of the poll loop.
func (s *socket) untilPongs() (got []string) {
	s.t.Helper()
	for _, t := range []string{"7", "8"} {
		s.send(`{"op":"ping","t":` + t + `}`)
		for m := s.next(); !strings.HasPrefix(m, `{"op":"pong","t":`+t+`,`); m = s.next() {
			got = append(got, m)
		}
	}
	return got
}

// closed reads up to the close frame and returns its code.
func (s *socket) closed() uint16 {
	s.t.Helper()
	for {
		op, payload, err := s.frameIn()
		if err != nil {
			s.t.Fatalf("read: %v", err)
		}
		if op == 8 {
			return binary.BigEndian.Uint16(payload)
		}
	}
}
