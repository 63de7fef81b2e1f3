//go:build outside

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"monitord/stream/client"
	"monitord/stream/wire"
)

// A name of the daemon's behind a proxy, and pings that come every second.
const behindProxy = "[server]\nhosts = [\"mon.example.com\"]\n[stream]\nping_interval = \"2s\"\npong_timeout = \"2s\"\n"

// As the README has it: TLS ends in the proxy, and over whichever way it reaches the
// daemon the stream goes through.
func TestOutsideNginxPassesTheStream(t *testing.T) {
	t.Parallel()
	plain := startDaemon(t, daemonDir(t, behindProxy))
	dir := daemonDir(t, behindProxy+tlsTable)
	secured := startSecured(t, dir, 1)
	socketDir, err := os.MkdirTemp("", "monitord") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(socketDir) })
	startDaemon(t, daemonDir(t, behindProxy), "RUNTIME_DIRECTORY="+socketDir)
	authority := "proxy_ssl_trusted_certificate " + dir + "/tls.crt;\nproxy_ssl_verify on;\nproxy_ssl_name localhost;\n"
	for name, conf := range map[string]string{
		"tcp":         (&nginxFor{strings.TrimPrefix(plain.URL(), "http://")}).asInReadme(),
		"unix socket": (&nginxFor{"unix:" + socketDir + "/monitord.sock"}).asInReadme(),
		"tls": authority + strings.Replace((&nginxFor{strings.TrimPrefix(secured.URL(), "https://")}).asInReadme(),
			"proxy_pass http:", "proxy_pass https:", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNginx(t, conf)
			status, body, s := n.handshake(true, "mon.example.com", "https://mon.example.com", "samples=up")
			if status != 101 {
				t.Fatalf("status %d: %s", status, body)
			}
			for range 3 {
				s.message("samples")
			}
			for origin, host := range map[string]string{
				"https://evil.example":      "mon.example.com",
				"https://mon.example.com:1": "mon.example.com",
				"https://mon.example.com":   "mon.example.com:8443",
			} {
				if status, _, _ := n.handshake(true, host, origin, ""); status != 403 {
					t.Errorf("origin %s for host %s: status %d", origin, host, status)
				}
			}
			n.events(t)
			n.polls(t)
			// Over a Unix socket any name will do: who gets there is on this host.
			if status, _, _ := n.handshake(true, "evil.example", "", ""); status != 403 && name != "unix socket" {
				t.Errorf("another name: status %d", status)
			}
		})
	}
}

// ask makes a request of the proxy, over TLS.
func (n *nginx) ask(t *testing.T, query, accept string) *http.Response {
	t.Helper()
	r := mustRequest(t, "GET", "https://"+n.addr+"/api/v1/stream?"+query)
	r.Host = "mon.example.com"
	r.Header.Set("Accept", accept)
	transport := &http.Transport{TLSClientConfig: n.tls, DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(resp.Body)
		t.Fatalf("status %d: %s", resp.StatusCode, body)
	}
	return resp
}

// events follows by Server-Sent Events: each tick comes when it is there.
func (n *nginx) events(t *testing.T) {
	t.Helper()
	lines := bufio.NewScanner(n.ask(t, "samples=up", "text/event-stream").Body)
	samples, marks := 0, 0
	for (samples < 3 || marks < 2) && lines.Scan() {
		switch {
		case strings.Contains(lines.Text(), `"op":"samples"`):
			samples++
		case strings.HasPrefix(lines.Text(), "id: "):
			marks++
		}
	}
	if samples < 3 {
		t.Errorf("%d samples as events, %v", samples, lines.Err())
	}
}

// polls follows by long polling, each request from where the one before ended.
func (n *nginx) polls(t *testing.T) {
	t.Helper()
	cursor, samples := "", 0
	for range 4 {
		query := "samples=up&wait=10s"
		if cursor != "" {
			query += "&cursor=" + url.QueryEscape(cursor)
		}
		var answer struct {
			Cursor   string
			Messages []struct{ Op string }
		}
		if err := json.NewDecoder(n.ask(t, query, "application/json").Body).Decode(&answer); err != nil {
			t.Fatal(err)
		}
		for _, m := range answer.Messages {
			if m.Op == "samples" {
				samples++
			}
		}
		if answer.Cursor == cursor {
			t.Errorf("cursor %q twice", cursor)
		}
		cursor = answer.Cursor
	}
	if samples < 3 {
		t.Errorf("%d samples in four polls", samples)
	}
}

// A proxy that takes the upgrade away is named, with what to write into it.
func TestOutsideNginxTakesTheUpgradeAway(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, ""))
	n := newNginx(t, "server {\nlisten %LISTEN%;\nlocation / { proxy_pass "+d.URL()+"; }\n}\n")
	status, body, _ := n.handshake(false, "localhost", "", "samples=up")
	for _, want := range []string{"proxy", "proxy_http_version 1.1", "proxy_set_header Upgrade $http_upgrade", "proxy_set_header Connection"} {
		if status != http.StatusUpgradeRequired || !strings.Contains(body, want) {
			t.Errorf("status %d without %q: %s", status, want, body)
		}
	}
	_, err := client.Dial(t.Context(), client.Options{URL: "http://" + n.addr})
	if err == nil || !strings.Contains(err.Error(), "proxy_set_header Upgrade") {
		t.Errorf("the client says: %v", err)
	}
}

// What keeps quiet for longer than the proxy's patience is kept alive by our pings.
func TestOutsideNginxWithLittlePatience(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, behindProxy))
	conf := (&nginxFor{strings.TrimPrefix(d.URL(), "http://")}).asInReadme()
	// Several pings fit into it, so that one may be late on a busy machine.
	n := newNginx(t, "proxy_read_timeout 6s;\nproxy_send_timeout 6s;\n"+conf)
	_, _, s := n.handshake(true, "mon.example.com", "", "")
	s.message("hello")
	for pings, begin := 0, time.Now(); time.Since(begin) < 10*time.Second; {
		h, err := ws.ReadHeader(s.in)
		if err != nil {
			t.Fatalf("after %d pings: %v", pings, err)
		}
		payload := make([]byte, h.Length)
		if _, err := io.ReadFull(s.in, payload); err != nil {
			t.Fatal(err)
		}
		if h.OpCode == ws.OpPing {
			pings++
			s.conn.Write(frameBytes(t, ws.MaskFrame(ws.NewPongFrame(payload))))
		}
	}
}

// An upgrade comes in on a connection that the proxy has used for something else.
func TestOutsideNginxReusesConnections(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"", tlsTable} {
		dir := daemonDir(t, behindProxy+table)
		d := startSecured(t, dir, 1)
		scheme, at, _ := strings.Cut(d.URL(), "://")
		r := startRelay(t, at)
		n := newNginx(t, strings.Replace((&nginxFor{r.addr}).asInReadme(), "http://monitord", scheme+"://monitord", 1))
		transport := &http.Transport{TLSClientConfig: n.tls, DisableKeepAlives: true}
		get := func() {
			t.Helper()
			resp, err := transport.RoundTrip(mustRequest(t, "GET", "https://"+n.addr+"/healthz"))
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		for range 5 {
			get()
		}
		if status, body, s := n.handshake(true, "localhost", "", "samples=up"); status != 101 {
			t.Fatalf("status %d: %s", status, body)
		} else {
			s.message("samples")
			if c := r.taken.Load(); c != 1 {
				t.Errorf("%s: nginx has made %d connections, so the upgrade came in on one of its own", scheme, c)
			}
			get()
			s.message("samples")
		}
	}
}

// When the proxy is restarted or reloaded, a client goes on where it stopped: no
// tick is missing or comes twice.
func TestOutsideNginxRestarts(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, behindProxy))
	n := newNginx(t, (&nginxFor{strings.TrimPrefix(d.URL(), "http://")}).asInReadme())
	c, err := client.New(client.Options{URL: "https://" + n.addr, TLS: n.tls},
		wire.Request{Op: wire.OpSubscribe, ID: "1", Kind: wire.KindSamples, Expr: "up"})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var last int64
	got, lost := 0, 0
	err = c.Run(ctx, func(i client.Item) error {
		if i.Lost != nil {
			lost++
		}
		if gap, ok := i.Message.(*wire.Gap); ok && gap.Reason == wire.Down && gap.From == last+1000 {
			last = gap.To // a busy machine may leave out a tick
		}
		m, ok := i.Message.(*wire.Samples)
		if !ok {
			return nil
		}
		if last != 0 && m.T != last+1000 {
			t.Errorf("%d comes after %d", m.T, last)
		}
		last = m.T
		switch got++; {
		case got == 2:
			n.stop()
			n.start()
		case got == 6:
			n.reload()
		case got > 8 && lost >= 2:
			return client.ErrStop
		}
		return nil
	})
	if err != nil || lost < 2 {
		t.Errorf("%d samples, lost %d times, %v", got, lost, err)
	}
}
