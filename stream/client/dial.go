package client

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

const subprotocol = "monitord.v1.json"

// maxRefusal bounds what is read of the body that explains a refusal.
const maxRefusal = 4 << 10

// Dial opens a connection. ctx bounds the dial, not the connection.
func Dial(ctx context.Context, o Options) (*Conn, error) {
	o = o.withDefaults()
	at, err := parseAddress(o.URL)
	if err != nil {
		return nil, err
	}
	var refused *RefusedError
	dialer := ws.Dialer{
		Timeout:   o.Timeout,
		Protocols: []string{subprotocol},
		Host:      at.host,
		TLSConfig: o.TLS,
		OnStatusError: func(status int, _ []byte, resp io.Reader) {
			refused = readRefusal(status, resp)
		},
	}
	if at.socket != "" {
		dialer.NetDial = func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", at.socket)
		}
	}
	conn, early, _, err := dialer.Dial(ctx, at.url)
	if err != nil {
		if refused != nil {
			err = refused
		}
		return nil, &ConnectError{URL: o.URL, Err: err}
	}
	// Frames that came together with the handshake are the first ones.
	in := &leftover{early: early, conn: conn}
	return &Conn{conn: conn, in: bufio.NewReaderSize(in, 16<<10), options: o}, nil
}

// leftover reads what the handshake has buffered, and then the connection.
type leftover struct {
	early *bufio.Reader // nil once it is empty
	conn  net.Conn
}

func (f *leftover) Read(p []byte) (int, error) {
	if f.early == nil {
		return f.conn.Read(p)
	}
	n := min(len(p), f.early.Buffered())
	n, err := f.early.Read(p[:n])
	if f.early.Buffered() == 0 {
		ws.PutReader(f.early)
		f.early = nil
	}
	return n, err
}

// readRefusal reads why the server did not upgrade.
func readRefusal(status int, r io.Reader) *RefusedError {
	e := &RefusedError{Status: status}
	resp, err := http.ReadResponse(bufio.NewReader(io.LimitReader(r, 2*maxRefusal)), nil)
	if err != nil {
		return e
	}
	defer resp.Body.Close()
	if s, err := strconv.ParseUint(resp.Header.Get("Retry-After"), 10, 31); err == nil {
		e.Retry = min(time.Duration(s)*time.Second, maxRetry)
	}
	// Half a body explains as well as a whole one.
	body, _ := io.ReadAll(io.LimitReader(resp.Body, maxRefusal))
	var object struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &object) == nil && object.Message != "" {
		e.Message = object.Message
	} else if utf8.Valid(body) {
		e.Message, _, _ = strings.Cut(strings.TrimSpace(string(body)), "\n")
	}
	return e
}
