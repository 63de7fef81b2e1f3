//go:build outside

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"monitord/stream/client"
	"monitord/stream/wire"
)

// An nginx is a proxy process in front of a daemon.
type nginx struct {
	t    *testing.T
	dir  string
	addr string // where it listens: 127.0.0.1:PORT
	tls  *tls.Config
	cmd  *exec.Cmd
	out  bytes.Buffer
}

// newNginx starts one whose http block is conf: %LISTEN% is where it listens, %DIR%
// a directory with a certificate, tls.crt and tls.key.
func newNginx(t *testing.T, conf string) *nginx {
	t.Helper()
	n := &nginx{t: t, dir: t.TempDir(), addr: freeAddress(t)}
	files := writePair(t, n.dir, 7)
	pool := &testDaemon{t: t}
	n.tls = pool.trust(files.CertFile)
	as := ""
	if os.Geteuid() == 0 {
		as = "user root;\n" // or its workers could not read the test's files
	}
	head := as + "worker_processes 1;\nworker_shutdown_timeout 100ms;\npid %DIR%/pid;\nerror_log stderr;\nevents { worker_connections 256; }\nhttp {\naccess_log off;\n"
	for _, what := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		head += what + "_temp_path %DIR%/" + what + ";\n"
	}
	text := strings.NewReplacer("%DIR%", n.dir, "%LISTEN%", n.addr).Replace(head + conf + "}\n")
	writeFile(t, filepath.Join(n.dir, "nginx.conf"), []byte(text))
	t.Cleanup(func() {
		n.stop()
		if t.Failed() {
			t.Logf("what nginx said:\n%s", n.out.String())
		}
	})
	n.start()
	return n
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (n *nginx) start() {
	n.t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx" // not in everybody's PATH
	}
	n.cmd = exec.Command(path, "-p", n.dir, "-c", filepath.Join(n.dir, "nginx.conf"), "-g", "daemon off;")
	n.cmd.Stdout, n.cmd.Stderr = &n.out, &n.out
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	eventually(n.t, "nginx listens", func() bool {
		c, err := net.Dial("tcp", n.addr)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// stop ends it at once, connections and all.
func (n *nginx) stop() {
	if n.cmd.ProcessState == nil {
		_ = n.cmd.Process.Signal(syscall.SIGTERM)
		_ = n.cmd.Wait() // it says how it was ended
	}
}

func (n *nginx) reload() {
	n.t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		n.t.Fatal(err)
	}
}

// asInReadme is the README's configuration for this daemon.
func (n *nginxFor) asInReadme() string {
	return strings.NewReplacer(
		"server 127.0.0.1:6455;", "server "+n.upstream+";",
		"listen 443 ssl;", "listen %LISTEN% ssl;",
		"/etc/ssl/mon.example.com", "%DIR%/tls",
		"auth_basic monitord;", "", "auth_basic_user_file /etc/nginx/monitord.users;", "",
	).Replace(nginxConf)
}

// nginxFor makes configurations that lead to a daemon.
type nginxFor struct{ upstream string }

// handshake asks for a stream, over TLS if the proxy speaks it. With status 101 the
// connection is that stream.
func (n *nginx) handshake(secure bool, host, origin, query string) (int, string, *rawStream) {
	n.t.Helper()
	conn, err := net.Dial("tcp", n.addr)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	if secure {
		c := n.tls.Clone()
		c.ServerName = "localhost"
		conn = tls.Client(conn, c)
	}
	if origin != "" {
		origin = "Origin: " + origin + "\r\n"
	}
	fmt.Fprintf(conn, "GET /api/v1/stream?%s HTTP/1.1\r\nHost: %s\r\n%sUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", query, host, origin)
	s := &rawStream{t: n.t, conn: conn, in: bufio.NewReader(conn)}
	resp, err := http.ReadResponse(s.in, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	if resp.StatusCode == http.StatusSwitchingProtocols {
		return resp.StatusCode, "", s
	}
	body, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), nil
}

// A name of the daemon's behind a proxy, and pings that come every second.
const behindProxy = "[server]\nhosts = [\"mon.example.com\"]\n[stream]\nping_interval = \"2s\"\npong_timeout = \"2s\"\n"

// As the README has it: TLS ends in the proxy, and over whichever way it reaches the
// daemon the stream goes through.
func TestOutsideNginxPassesTheStream(t *testing.T) {
	t.Parallel()
	plain := startDaemon(t, daemonDir(t, behindProxy))
	dir := daemonDir(t, behindProxy+tlsTable)
	secured := startSecured(t, dir, 1)
	socketDir := t.TempDir()
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
			// Over a Unix socket any name will do: who gets there is on this host.
			if status, _, _ := n.handshake(true, "evil.example", "", ""); status != 403 && name != "unix socket" {
				t.Errorf("another name: status %d", status)
			}
		})
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
	n := newNginx(t, "proxy_read_timeout 3s;\nproxy_send_timeout 3s;\n"+conf)
	_, _, s := n.handshake(true, "mon.example.com", "", "")
	s.message("hello")
	for pings := 0; pings < 7; {
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

// A relay counts the connections that it passes on.
type relay struct {
	addr  string
	taken atomic.Int32
}

func startRelay(t *testing.T, to string) *relay {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &relay{addr: l.Addr().String()}
	var work sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	work.Go(func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			r.taken.Add(1)
			out, err := net.Dial("tcp", to)
			if err != nil {
				in.Close()
				continue
			}
			work.Go(func() { io.Copy(in, out); in.Close() })
			work.Go(func() { io.Copy(out, in); out.Close() })
			context.AfterFunc(ctx, func() { in.Close(); out.Close() })
		}
	})
	t.Cleanup(func() { l.Close(); cancel(); work.Wait() })
	return r
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
