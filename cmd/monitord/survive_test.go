package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"monitord/stream/wire"
)

// proc reads figures of the daemon's process: open files, anonymous memory in KiB,
// processor time in ticks of the kernel.
func (d *testDaemon) proc() (files, anon, cpu int) {
	d.t.Helper()
	dir := fmt.Sprintf("/proc/%d/", d.cmd.Process.Pid)
	names, err := os.ReadDir(dir + "fd")
	if err != nil {
		d.t.Fatal(err)
	}
	status, err := os.ReadFile(dir + "status")
	if err != nil {
		d.t.Fatal(err)
	}
	if _, rest, ok := strings.Cut(string(status), "RssAnon:"); ok {
		anon, _ = strconv.Atoi(strings.Fields(rest)[0])
	}
	stat, err := os.ReadFile(dir + "stat")
	if err != nil {
		d.t.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return len(names), anon, user + system
}

// subscriber opens a stream that nobody reads; it says false when there is no room:
// when it is refused, or has no answer for so long.
func (d *testDaemon) subscriber(answers time.Duration) (net.Conn, bool) {
	d.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.URL(), "http://"))
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(answers))
	_, _ = io.WriteString(conn, "GET /api/v1/stream?samples=up HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	status := make([]byte, 12)
	_, err = io.ReadFull(conn, status)
	return conn, err == nil && strings.HasSuffix(string(status), " 101")
}

// With 256 open files the daemon turns away who is too many, without spinning, while
// all else goes on: ticks, the journal, hooks. When there is room, it accepts again.
func TestFewOpenFiles(t *testing.T) {
	t.Parallel()
	touched := filepath.Join(t.TempDir(), "touched")
	d := startDaemon(t, daemonDir(t, `
[stream]
handshake_timeout = "1s"
[[alerts.rules]]
name = "Crowded"
expr = "monitord_stream_connections >= 150"
hooks = ["touch"]
[[alerts.hooks]]
name = "touch"
type = "exec"
command = ["/usr/bin/touch", "`+touched+`"]
`), openFiles+"=256")
	first := dialStream(t, d, "samples=monitord_ticks_total&alerts={alertname=\"Crowded\"}")
	first.message("samples")
	var in []net.Conn
	for refused, tries := 0, 0; (refused < 2 || len(in) < 150) && tries < 300; tries++ {
		if c, ok := d.subscriber(2 * time.Second); ok {
			in = append(in, c)
		} else { // or it is only slow
			refused++
		}
	}
	var queue []net.Conn // of those who are not even refused
	for range 300 {
		c, err := net.Dial("tcp", strings.TrimPrefix(d.URL(), "http://"))
		if err != nil {
			break // the kernel's queue is full too
		}
		defer c.Close()
		queue = append(queue, c)
	}
	for {
		if m := first.message("alert"); m["event"] == "firing" {
			break
		}
	}
	eventually(t, "the hook has run", func() bool { _, err := os.Stat(touched); return err == nil })
	_, _, before := d.proc()
	for range 3 {
		first.message("samples") // ticks go on
	}
	files, _, after := d.proc()
	t.Logf("%d are in, %d more wait; %d files open; %d hundredths of a second of processor in three seconds", len(in)+1, len(queue), files, after-before)
	if files > 256 || len(in) < 100 {
		t.Errorf("%d files are open, %d connections", files, len(in))
	}
	for _, c := range append(in, queue...) {
		c.Close()
	}
	room := time.Now()
	eventually(t, "it accepts again", func() bool {
		c, ok := d.subscriber(2 * time.Second)
		c.Close()
		return ok
	})
	took := time.Since(room)
	t.Logf("accepting again %v after there was room", took)
	if took > 20*time.Second { // one is promised where nothing else runs
		t.Errorf("accepting again took %v", took)
	}
}

// A crowd that says nothing any more is closed within the ping interval and the pong
// timeout, and leaves no file and no goroutine.
func TestCrowdCutOffLeavesNothing(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, "[stream]\nping_interval = \"2s\"\npong_timeout = \"1s\"\n"))
	goroutines := func() int {
		n, _ := strconv.Atoi(d.query("go_goroutines", "job")["node"])
		return n
	}
	// Also of what begins only some time after the start.
	eventually(t, "every collector has read", func() bool {
		return goroutines() > 0 && d.query(`node_scrape_collector_success{collector="filesystem"}`, "job")["node"] != "" &&
			d.query("monitord_ticks_total >= 3", "job")["node"] != ""
	})
	files, _, _ := d.proc()
	before := goroutines()
	for range 1000 {
		if _, ok := d.subscriber(patience); !ok {
			t.Fatal("no room")
		}
	}
	last := time.Now()
	eventually(t, "all are closed", func() bool { return d.query("monitord_stream_closed_total", "reason")["timeout"] == "1000" })
	t.Logf("1,000 gone %v after the last came", time.Since(last))
	eventually(t, "files and goroutines are as before", func() bool {
		now, _, _ := d.proc()
		return now <= files+20 && goroutines() <= before+20 // those who ask have connections too, the history opens files
	})
}

// A client that is stopped (SIGSTOP) for too long is closed. When it goes on, it
// comes back and goes on where it stopped.
func TestStoppedClientIsClosedAndComesBack(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, "[stream]\nping_interval = \"2s\"\npong_timeout = \"1s\"\n"))
	cmd := exec.Command(os.Args[0], "watch", "--url", d.URL(), "--samples", "up", "-o", "raw")
	cmd.Env = append(os.Environ(), asDaemon+"=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	lines := bufio.NewScanner(out)
	at := int64(0)
	next := func() { // reads on until samples
		for {
			if !lines.Scan() {
				t.Fatalf("watch ended: %v", lines.Err())
			}
			m, err := wire.Decode(lines.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			from, to := int64(0), int64(0)
			switch m := m.(type) {
			case *wire.Samples:
				from, to = m.T, m.T
			case *wire.Gap: // of ticks that a busy machine leaves out
				if from, to = m.From, m.To; m.Reason != wire.Down {
					t.Errorf("%+v", m)
				}
			default:
				continue
			}
			if at != 0 && from != at+1000 {
				t.Errorf("%d after %d", from, at)
			}
			if at = to; from == to {
				return
			}
		}
	}
	for range 2 {
		next()
	}
	closed := func() int {
		n, _ := strconv.Atoi(d.query("monitord_stream_closed_total", "reason")["timeout"])
		return n
	}
	before := closed() // it may have been stopped for long by the machine
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stopped := time.Now()
	eventually(t, "it is closed", func() bool { return closed() > before })
	t.Logf("a stopped client was closed after %v", time.Since(stopped))
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().UnixMilli(); at < end+2000; {
		next()
	}
}

// What is refused for its origin or host is refused however the handshake came in:
// the first form is one that a poll loop answers, the second one for net/http.
func TestOriginsOnBothWays(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, "[server]\nhosts = [\"mon.example.com\"]\nallowed_origins = [\"https://wall.example.com\", \"http://dash.example.com:8080\"]\n"))
	address := strings.TrimPrefix(d.URL(), "http://")
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	none := "\x00"
	cases := []struct {
		host, origin string
		status       int
	}{
		{"localhost", none, 101},
		{"localhost", "http://localhost", 101},
		{"127.0.0.1:6455", "http://127.0.0.1:6455", 101},
		{"[::1]:6455", "http://[::1]:6455", 101},
		{"LOCALHOST", "http://localhost", 101},
		{"localhost", "HTTP://LOCALHOST", 101},
		{"localhost", "http://localhost:80 ", 101}, // blanks around a value are none of it
		{"localhost", "https://localhost", 101},    // behind a proxy that speaks TLS
		{"mon.example.com", "https://mon.example.com", 101},
		{"mon.example.com:443", "https://mon.example.com", 101},
		{"localhost", "https://wall.example.com", 101},
		{"localhost", "https://wall.example.com:443", 101},
		{"localhost", "https://WALL.example.com", 101},
		{"localhost", "http://dash.example.com:8080", 101},
		// Rebinding: the name is the attacker's, and so is the origin.
		{"evil.example", "http://evil.example", 403},
		{"evil.example:" + port, "http://evil.example:" + port, 403},
		{"evil.example", none, 403},
		{"mon.example.com.evil.example", none, 403},
		{"xmon.example.com", none, 403},
		{"example.com", none, 403},
		{"10.0.0.1", none, 403},
		{"0.0.0.0", none, 403},
		{"2130706433", none, 403},
		{"127.1", none, 403},
		{"localhost.", none, 400},
		{"[::1", none, 400},
	}
	for _, origin := range []string{
		"null", "NULL", "", " ", "*", "localhost", "//localhost", "://localhost", "http:localhost", "http:/localhost", "http:///localhost", "http://",
		"https://evil.example", "http://evil.example", "http://localhost:8080", "http://localhost:0", "http://localhost:65536", "http://localhost:",
		"http://localhost:443", "https://localhost:80", "http://localhost.", "http://.localhost", "http://localhost..", "http://localhost/", "http://localhost/x", "http://localhost?x", "http://localhost#x",
		"http://localhost.evil.example", "http://evil-localhost", "http://localhostx", "http://xlocalhost", "http://local", "http://sub.localhost",
		"http://evil@localhost", "http://localhost@evil.example", "http://localhost:80@evil.example", "http://a:b@localhost", "http://localhost%00.evil.example", "http://localhost%2eevil.example",
		"http://localhost\\.evil.example", "http:\\\\localhost", "http://localhost\tx", "http://localhost,http://evil.example", "http://localhost http://evil.example",
		"http://xn--lcalhost-54a", "http://l\xc3\xb6calhost", "http://\xef\xbd\x8cocalhost", "http://127.0.0.1", "http://127.1", "http://2130706433", "http://0x7f000001", "http://0",
		"http://[::1]", "http://[::ffff:127.0.0.1]", "http://[::1", "http://::1", "http://[fe80::1%25lo]",
		"http://wall.example.com", "https://wall.example.com:8443", "https://wall.example.com.", "https://a.wall.example.com", "https://xwall.example.com", "https://wall.example.com.evil.example",
		"https://example.com", "http://dash.example.com", "https://dash.example.com:8080", "http://dash.example.com:80",
		"file://", "file:///etc/passwd", "data:text/html,x", "blob:http://localhost/x", "chrome-extension://abcdef", "moz-extension://abcdef", "ws://localhost", "wss://localhost", "ftp://localhost", "javascript:alert(1)", "about:blank",
	} {
		cases = append(cases, struct {
			host, origin string
			status       int
		}{"localhost", origin, 403})
	}
	t.Logf("%d origins and hosts", len(cases))
	for _, tt := range cases {
		for way, extra := range []string{"", "TE: trailers\r\n"} {
			lines := "Host: " + tt.host + "\r\n"
			if tt.origin != none {
				lines += "Origin: " + tt.origin + "\r\n"
			}
			for _, lines := range []string{lines, strings.Replace(lines, "Origin: ", "oRiGiN:", 1)} {
				conn, err := net.Dial("tcp", address)
				if err != nil {
					t.Fatal(err)
				}
				_ = conn.SetDeadline(time.Now().Add(patience))
				if _, err := io.WriteString(conn, "GET /api/v1/stream HTTP/1.1\r\n"+lines+extra+"Upgrade: websocket\r\nConnection: Upgrade\r\n"+
					"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Errorf("Host %q, Origin %q, way %d: %v", tt.host, tt.origin, way, err)
				} else if resp.StatusCode != tt.status {
					t.Errorf("Host %q, Origin %q, way %d: %d, want %d", tt.host, tt.origin, way, resp.StatusCode, tt.status)
				}
				conn.Close()
			}
		}
	}
	for _, two := range []string{"Origin: http://localhost\r\nOrigin: http://evil.example\r\n", "Origin: http://localhost\r\nOrigin: http://localhost\r\n"} {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(conn, "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n"+two+"Upgrade: websocket\r\nConnection: Upgrade\r\n"+
			"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("two origins: %v, %v", resp, err)
		}
		conn.Close()
	}
	eventually(t, "refusals are counted", func() bool {
		n := d.query("monitord_http_refused_total", "reason")
		return n["host"] == fmt.Sprint(4*12) && n["origin"] != "0" && n["origin"] != ""
	})
}
