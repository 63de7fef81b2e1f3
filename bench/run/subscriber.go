package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// arrived is a message of the daemon, and when its bytes were there.
type arrived struct {
	at      int64 // Unix nanoseconds
	Op      string
	ID      string
	Sub     uint32
	T       int64
	Seq     uint64
	Event   string
	Current bool
	V       []any
}

// subscribe follows a path of the stream until ctx is done and hands over each
// message. It speaks as much of WebSocket as it takes to listen to one's own
// daemon for a few minutes.
func subscribe(ctx context.Context, s *server, path string, handle func(arrived)) error {
	var fault error
	err := listen(ctx, s, path, func(f frame) {
		m, err := f.message()
		if err != nil {
			fault = err
			return
		}
		handle(m)
	})
	return errors.Join(err, fault)
}

// A frame is a message as it came, and when its bytes were there.
type frame struct {
	at      int64
	payload []byte
}

func (f frame) message() (arrived, error) {
	m := arrived{at: f.at}
	if err := json.Unmarshal(f.payload, &m); err != nil {
		return m, fmt.Errorf("subscribe: %w", err)
	}
	return m, nil
}

// listen is subscribe for those who must not be kept from the next frame by what
// is in this one.
func listen(ctx context.Context, s *server, path string, handle func(frame)) error {
	conn, err := net.DialTimeout("tcp", s.address, 5*time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, s.address)
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(conn, 64<<10)
	status, err := in.ReadString('\n')
	if err != nil || !strings.HasPrefix(status, "HTTP/1.1 101") {
		return fmt.Errorf("subscribe: %q, %v", status, err)
	}
	for line := ""; line != "\r\n"; {
		if line, err = in.ReadString('\n'); err != nil {
			return fmt.Errorf("subscribe: %w", err)
		}
	}
	for {
		op, payload, err := readFrame(in)
		now := time.Now().UnixNano()
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return fmt.Errorf("subscribe: %w", err)
		case op == 8:
			return fmt.Errorf("subscribe: the daemon closed the connection: %q", payload)
		case op == 9:
			pong := append([]byte{0x8A, 0x80 | byte(len(payload)), 0, 0, 0, 0}, payload...) // mask zero
			if _, err := conn.Write(pong); err != nil {
				return err
			}
		case op == 1:
			handle(frame{now, payload})
		}
	}
}

// readFrame reads a whole frame; the daemon does not fragment.
func readFrame(in *bufio.Reader) (op byte, payload []byte, err error) {
	var head [8]byte
	if _, err := io.ReadFull(in, head[:2]); err != nil {
		return 0, nil, err
	}
	op = head[0] & 15
	n := uint64(head[1] & 0x7f)
	switch n {
	case 126:
		_, err = io.ReadFull(in, head[:2])
		n = uint64(binary.BigEndian.Uint16(head[:2]))
	case 127:
		_, err = io.ReadFull(in, head[:8])
		n = binary.BigEndian.Uint64(head[:8])
	}
	if err != nil {
		return op, nil, err
	}
	if n > 16<<20 || (op > 7 && n > 125) {
		return op, nil, fmt.Errorf("frame of %d bytes", n)
	}
	payload = make([]byte, n)
	_, err = io.ReadFull(in, payload)
	return op, payload, err
}
