package feed

import (
	"fmt"
	"testing"

	"monitord/alerts"
	"monitord/stream/wire"
)

// dialCBOR connects with the binary subprotocol and takes the hello.
func (w *world) dialCBOR(query string) *socket {
	w.t.Helper()
	s := dial(w.t, w.addr, query, wire.SubprotocolCBOR)
	if m, ok := s.binary().(*wire.Hello); !ok || m.Instance != "web1" {
		w.t.Fatalf("greeted with %+v", m)
	}
	return s
}

// binary returns the next message but heartbeats of the connection.
func (s *socket) binary() wire.Message {
	s.t.Helper()
	for {
		op, payload, err := s.frameIn()
		if err != nil {
			s.t.Fatalf("read: %v", err)
		}
		if op != 2 {
			s.t.Fatalf("opcode %d: %q", op, payload)
		}
		m, err := wire.DecodeCBOR(payload)
		if err != nil || m == nil {
			s.t.Fatalf("%x: %v", payload, err)
		}
		if h, ok := m.(*wire.Heartbeat); !ok || h.Sub != 0 {
			return m
		}
	}
}

func (s *socket) ask(r wire.Request) { s.frame(2, r.AppendCBOR(nil)) }

// Both encodings say the same: replayed, live, answers, gaps and errors.
func TestCBORSaysTheSame(t *testing.T) {
	w := newWorld(t)
	w.fire("DiskFull", "critical", alerts.KindPending, alerts.KindFiring)
	for i := range int64(5) {
		w.tick(begin+i*1000, "a{x} 1.5", fmt.Sprintf("a{y} %d", i))
	}
	requests := []wire.Request{
		{Op: wire.OpSubscribe, ID: "s", Kind: wire.KindSamples, Expr: "a", From: wire.At(begin)},
		{Op: wire.OpSubscribe, ID: "q", Kind: wire.KindQuery, Expr: "a / 0", From: wire.At(begin + 2000)},
		{Op: wire.OpSubscribe, ID: "a", Kind: wire.KindAlerts, HasAfter: true},
		{Op: wire.OpSubscribe, ID: "bad", Kind: wire.KindQuery, Expr: "sum("},
		{Op: wire.OpUnsubscribe, ID: "none"},
		{Op: wire.OpUnsubscribe, ID: "a"},
	}
	text, binary := w.connect(""), w.dialCBOR("")
	n := []int{1 + 1 + 5, 1 + 1 + 3, 1 + 2, 1, 1, 1} // messages to each request
	compare := func(what string, n int) {
		t.Helper()
		for range n {
			want := text.next()
			if got := string(binary.binary().AppendJSON(nil)); got != want {
				t.Fatalf("%s: got  %s\nwant %s", what, got, want)
			}
		}
	}
	for i, r := range requests {
		text.send(string(r.AppendJSON(nil)))
		binary.ask(r)
		compare(r.ID, n[i])
	}
	w.tick(begin+9000, "a{x} NaN", "b 1") // after a hole, with other columns
	compare("live", 2*3)
	text.send(string((&wire.Request{Op: wire.OpPing, T: 7}).AppendJSON(nil)))
	binary.ask(wire.Request{Op: wire.OpPing, T: 7})
	if _, ok := text.decoded().(*wire.Pong); !ok {
		t.Error("no pong")
	}
	if m, ok := binary.binary().(*wire.Pong); !ok || m.T != 7 {
		t.Errorf("got %+v", m)
	}
}

// A frame of the other type than the subprotocol's closes with 1003.
func TestOtherTypeOfFrame(t *testing.T) {
	w := newWorld(t)
	w.tick(begin, "a 1")
	s := w.dialCBOR("samples=a")
	s.send(`{"op":"ping","t":1}`)
	if code := s.closed(); code != 1003 {
		t.Errorf("text on CBOR: %d", code)
	}
	s = w.connect("")
	s.ask(wire.Request{Op: wire.OpPing, T: 7})
	if code := s.closed(); code != 1003 {
		t.Errorf("binary on JSON: %d", code)
	}
}
