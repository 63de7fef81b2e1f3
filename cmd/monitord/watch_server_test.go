package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"monitord/stream/wire"
)

// watchServer plays a script for every client: it answers the subscriptions by
// id with messages, until the client is gone.
func watchServer(t *testing.T, answers map[string][]wire.Message) string {
	t.Helper()
	var served sync.WaitGroup
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, rw, _, err := ws.HTTPUpgrader{}.Upgrade(r, w)
		if err != nil {
			t.Errorf("upgrade: %v", err)
			return
		}
		served.Go(func() { playWatch(t, conn, rw.Reader, answers) })
	}))
	t.Cleanup(func() {
		srv.Close()
		served.Wait()
	})
	return srv.URL
}

func playWatch(t *testing.T, conn net.Conn, in *bufio.Reader, answers map[string][]wire.Message) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	send := func(m wire.Message) {
		frame, err := ws.CompileFrame(ws.NewTextFrame(m.AppendJSON(nil)))
		if err != nil {
			t.Errorf("compile frame: %v", err)
		}
		_, _ = conn.Write(frame) // a client that is gone is no fault of the script
	}
	send(&wire.Hello{Version: "1", Instance: "web1", Epoch: "e1", Interval: 1000, T: 5000, Seq: 10})
	for {
		h, err := ws.ReadHeader(in)
		if err != nil || h.Length > 1<<16 {
			return
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(in, payload); err != nil || h.OpCode == ws.OpClose {
			return
		}
		ws.Cipher(payload, h.Mask, 0)
		r, fault := wire.ParseClient(payload)
		switch {
		case fault != nil:
			t.Errorf("request %s: %v", payload, fault)
		case r.Op == wire.OpPing:
			send(&wire.Pong{T: r.T, Now: r.T})
		default:
			for _, m := range answers[r.ID] {
				send(m)
			}
		}
	}
}
