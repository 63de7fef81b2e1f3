package client

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"go.uber.org/goleak"

	"monitord/stream/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testEpoch = "e1"

// peer is the server's side of one connection, for a script.
type peer struct {
	t    *testing.T
	conn net.Conn
	in   io.Reader
}

// serve starts a server that plays one script per connection, in their order; the
// last one is played for every further connection.
func serve(t *testing.T, scripts ...func(*peer)) string {
	t.Helper()
	var next atomic.Int64
	done := make(chan struct{}, 100)
	started := atomic.Int64{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started.Add(1) // before the server lets go of the connection, which is when it can be closed
		defer func() { done <- struct{}{} }()
		conn, rw, _, err := ws.HTTPUpgrader{
			Protocol: func(p string) bool { return p == subprotocol },
		}.Upgrade(r, w)
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
		i := int(next.Add(1)) - 1
		scripts[min(i, len(scripts)-1)](&peer{t: t, conn: conn, in: rw})
	}))
	t.Cleanup(func() {
		srv.Close()
		for range started.Load() {
			<-done
		}
	})
	return srv.URL
}

// write sends a frame; a client that is gone is no fault of the script.
func (p *peer) write(op ws.OpCode, payload []byte) {
	frame, err := ws.CompileFrame(ws.NewFrame(op, true, payload))
	if err != nil {
		p.t.Errorf("compile frame: %v", err)
	}
	_, _ = p.conn.Write(frame)
}

func (p *peer) send(messages ...wire.Message) {
	for _, m := range messages {
		p.write(ws.OpText, m.AppendJSON(nil))
	}
}

func (p *peer) close(code ws.StatusCode, reason string) {
	p.write(ws.OpClose, ws.NewCloseFrameBody(code, reason))
	p.drain()
}

// frame returns the next frame of the client; false when it is gone.
func (p *peer) frame() (ws.OpCode, []byte, bool) {
	h, err := ws.ReadHeader(p.in)
	if err != nil {
		return 0, nil, false
	}
	if !h.Masked || h.Length > 1<<20 {
		p.t.Errorf("frame of the client: masked %v, %d bytes", h.Masked, h.Length)
		return 0, nil, false
	}
	payload := make([]byte, h.Length)
	if _, err := io.ReadFull(p.in, payload); err != nil {
		return 0, nil, false
	}
	ws.Cipher(payload, h.Mask, 0)
	return h.OpCode, payload, true
}

// drain reads until the client is gone and returns its closing code.
func (p *peer) drain() ws.StatusCode {
	var code ws.StatusCode
	for {
		op, payload, ok := p.frame()
		if !ok {
			return code
		}
		if op == ws.OpClose {
			code, _ = ws.ParseCloseFrameData(payload)
		}
	}
}

// request returns the next request of the client.
func (p *peer) request() (wire.Request, bool) {
	op, payload, ok := p.frame()
	if !ok || op != ws.OpText {
		return wire.Request{}, false
	}
	r, fault := wire.ParseClient(payload)
	if fault != nil {
		p.t.Errorf("request %s: %v", payload, fault)
	}
	return r, ok
}

// subscriptions reads requests up to the ping behind them and returns them as
// they stood on the wire, without the ping, and the ping.
func (p *peer) subscriptions() (asked []string, ping wire.Request) {
	for {
		r, ok := p.request()
		if !ok {
			p.t.Error("the client is gone before its ping")
			return asked, ping
		}
		if r.Op == wire.OpPing {
			return asked, r
		}
		asked = append(asked, string(bytes.TrimSpace(r.AppendJSON(nil))))
	}
}

func (p *peer) pong(ping wire.Request) { p.send(&wire.Pong{T: ping.T, Now: ping.T}) }

func hello(seq uint64) *wire.Hello {
	return &wire.Hello{Version: "1", Instance: "web1", Epoch: testEpoch, Interval: 1000, T: 5000, Seq: seq}
}

func load(sub uint32) *wire.Series {
	return &wire.Series{Sub: sub, Rev: 1, Series: []wire.Labels{{{Name: "__name__", Value: "node_load1"}}}}
}

func value(sub uint32, t int64, v float64) *wire.Samples {
	return &wire.Samples{Sub: sub, Rev: 1, T: t, V: []float64{v}}
}

func event(sub uint32, seq uint64, kind string) *wire.Event {
	return &wire.Event{Sub: sub, Seq: seq, T: int64(seq) * 1000, Event: kind, Alert: wire.Alert{State: kind}}
}

func current(sub uint32, seq uint64) *wire.Event {
	e := event(sub, seq, "firing")
	e.Current = true
	return e
}
