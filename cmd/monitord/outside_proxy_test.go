//go:build outside

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
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

// given are the addresses that freeAddress has given away.
var given sync.Map

// freeAddress returns an address that a program can be told to listen on. The kernel
// gives none like it to connections, or to who listens on any port, so that it stays
// free until the program has come so far, and while it is restarted.
func freeAddress(t *testing.T) string {
	t.Helper()
	lowest := 32768
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		fmt.Sscan(string(text), &lowest)
	}
	for range 1000 {
		addr := "127.0.0.1:0" // where the kernel gives away nearly all there are
		if lowest > 12000 {
			addr = fmt.Sprint("127.0.0.1:", 10000+rand.IntN(lowest-10000))
		}
		l, err := net.Listen("tcp", addr)
		if err != nil {
			continue
		}
		addr = l.Addr().String()
		l.Close()
		if _, taken := given.LoadOrStore(addr, true); !taken {
			return addr
		}
	}
	t.Fatal("no address is free")
	return ""
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
