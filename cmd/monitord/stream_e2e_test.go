package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// rawStream is a WebSocket connection of which the test sees every frame.
type rawStream struct {
	t    *testing.T
	conn net.Conn
	in   *bufio.Reader
	mute bool // pings are not answered: half a frame is on its way
}

// dialStream sends a handshake and, in the same write, whatever follows it.
func dialStream(t *testing.T, d *testDaemon, query string, together ...ws.Frame) *rawStream {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET /api/v1/stream?%s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n", query)
	for _, f := range together {
		if err := ws.WriteFrame(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Write(b.Bytes()); err != nil {
		t.Fatal(err)
	}
	s := &rawStream{t: t, conn: conn, in: bufio.NewReader(conn)}
	status, err := s.in.ReadString('\n')
	if err != nil || !strings.Contains(status, " 101 ") {
		t.Fatalf("handshake: %q, %v", status, err)
	}
	for line := status; line != "\r\n"; {
		if line, err = s.in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func text(payload string) ws.Frame { return ws.MaskFrame(ws.NewTextFrame([]byte(payload))) }

// next returns the next frame that is no ping; pings it answers. What is bounded
// is the wait for a frame, not how long a test follows.
func (s *rawStream) next() ws.Frame {
	s.t.Helper()
	for {
		_ = s.conn.SetDeadline(time.Now().Add(patience))
		header, err := ws.ReadHeader(s.in)
		if err != nil || header.Length > 16<<20 {
			s.t.Fatalf("read a frame: %v, %d bytes", err, header.Length)
		}
		f := ws.Frame{Header: header, Payload: make([]byte, header.Length)}
		if _, err := io.ReadFull(s.in, f.Payload); err != nil {
			s.t.Fatalf("read a frame: %v", err)
		}
		if f.Header.OpCode != ws.OpPing {
			return f
		}
		if s.mute {
			continue
		}
		if _, err := s.conn.Write(frameBytes(s.t, ws.MaskFrame(ws.NewPongFrame(f.Payload)))); err != nil {
			s.t.Fatalf("answer a ping: %v", err)
		}
	}
}

// any returns the next message.
func (s *rawStream) any() map[string]any {
	s.t.Helper()
	f := s.next()
	if f.Header.OpCode == ws.OpClose {
		code, reason := ws.ParseCloseFrameData(f.Payload)
		s.t.Fatalf("closed with %d %q", code, reason)
	}
	var m map[string]any
	if err := json.Unmarshal(f.Payload, &m); err != nil {
		s.t.Fatalf("%v: %s", err, f.Payload)
	}
	return m
}

// message waits for a message with this op.
func (s *rawStream) message(op string) map[string]any {
	s.t.Helper()
	for {
		if m := s.any(); m["op"] == op {
			return m
		}
	}
}

func TestDataSentWithTheHandshakeIsTheFirstMessage(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, ""))
	s := dialStream(t, d, "", text(`{"op":"ping","t":42}`), text(`{"op":"subscribe","id":"up","samples":"up"}`))
	if m := s.message("pong"); m["t"] != 42.0 {
		t.Errorf("pong is %v", m)
	}
	if m := s.message("samples"); fmt.Sprint(m["v"]) != "[1]" {
		t.Errorf("samples are %v", m)
	}
}

func TestBadExpressionIsAnErrorMessageAndTheConnectionLives(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, ""))
	s := dialStream(t, d, "query=sum(")
	if m := s.message("error"); m["code"] != "bad_query" || m["id"] != "query=sum(" {
		t.Errorf("got %v", m)
	}
	for i, bad := range []string{`{"op":"subscribe","id":"a","query":"up["}`, `{"op":"subscribe","id":"a","samples":"{"}`, `{"op":"fly"}`, `nonsense`} {
		if _, err := s.conn.Write(frameBytes(t, text(bad))); err != nil {
			t.Fatal(err)
		}
		want := []string{"bad_query", "bad_selector", "unknown_op", "bad_message"}[i]
		if m := s.message("error"); m["code"] != want {
			t.Errorf("%s: got %v, want %s", bad, m, want)
		}
	}
	if _, err := s.conn.Write(frameBytes(t, text(`{"op":"subscribe","id":"a","query":"up"}`))); err != nil {
		t.Fatal(err)
	}
	s.message("samples")
}

func frameBytes(t *testing.T, f ws.Frame) []byte {
	t.Helper()
	b, err := ws.CompileFrame(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMaliciousFramesCloseThatConnectionOnly(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, "[stream]\nhandshake_timeout = \"1s\"\n"))
	honest := dialStream(t, d, "samples=up")
	length := func(n uint64) []byte { // a masked text frame's header that announces n bytes
		return append([]byte{0x81, 0xff}, byte(n>>56), byte(n>>48), byte(n>>40), byte(n>>32), byte(n>>24), byte(n>>16), byte(n>>8), byte(n), 1, 2, 3, 4)
	}
	for name, tt := range map[string]struct {
		bytes []byte
		codes []ws.StatusCode
	}{
		"2^31":        {length(1 << 31), []ws.StatusCode{1009}},
		"2^62":        {length(1 << 62), []ws.StatusCode{1009}},
		"2^63":        {length(1 << 63), []ws.StatusCode{1002, 1009}},
		"2^64-1":      {length(1<<64 - 1), []ws.StatusCode{1002, 1009}},
		"too long":    {length(64<<10 + 1), []ws.StatusCode{1009}},
		"unmasked":    {[]byte{0x81, 0x02, 'h', 'i'}, []ws.StatusCode{1002}},
		"reserved":    {[]byte{0xf1, 0x80, 1, 2, 3, 4}, []ws.StatusCode{1002}},
		"binary":      {frameBytes(t, ws.MaskFrame(ws.NewBinaryFrame([]byte("x")))), []ws.StatusCode{1003}},
		"not UTF-8":   {frameBytes(t, ws.MaskFrame(ws.NewTextFrame([]byte{0xff}))), []ws.StatusCode{1007}},
		"never-ended": {[]byte{0x81, 0x85, 1, 2, 3, 4, 'x'}, []ws.StatusCode{1002, 1008}},
	} {
		t.Run(name, func(t *testing.T) {
			s := dialStream(t, d, "")
			s.t, s.mute = t, true
			if _, err := s.conn.Write(tt.bytes); err != nil {
				t.Fatal(err)
			}
			for {
				f := s.next()
				if f.Header.OpCode != ws.OpClose {
					continue
				}
				code, reason := ws.ParseCloseFrameData(f.Payload)
				found := false
				for _, c := range tt.codes {
					found = found || c == code
				}
				if !found {
					t.Errorf("closed with %d %q, want one of %v", code, reason, tt.codes)
				}
				return
			}
		})
	}
	honest.message("samples")
}

func TestEndlessHeaderIsCutOff(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, ""))
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\nX: "); err != nil {
		t.Fatal(err)
	}
	_, before, _ := d.proc()
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	sent := 0
	for sent < 300<<20 {
		n, err := conn.Write(chunk)
		sent += n
		if err != nil {
			break
		}
	}
	if sent == 300<<20 {
		t.Error("300 MiB of header were taken")
	}
	_, after, _ := d.proc()
	t.Logf("anonymous memory grew by %d KiB, after %d KiB of header had left", after-before, sent>>10)
	answer, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after the header: %v", err)
	}
	if len(answer) > 0 && !bytes.HasPrefix(answer, []byte("HTTP/1.1 431 ")) {
		t.Errorf("the answer is %q", answer)
	}
	d.query("up", "instance")
}

func TestUnfinishedHandshakeIsClosedWithinItsDeadline(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, "[stream]\nhandshake_timeout = \"1s\"\n"))
	conn, err := net.Dial("tcp", strings.TrimPrefix(d.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "GET /api/v1/stream HTTP/1.1\r\nHost: local"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("still open after %v", patience)
	}
}

func TestTermTellsSubscribersWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, ""))
	s := dialStream(t, d, "samples=up")
	s.message("samples")
	begin := time.Now()
	d.signal(syscall.SIGTERM)
	for {
		f := s.next()
		if f.Header.OpCode != ws.OpClose {
			continue
		}
		code, reason := ws.ParseCloseFrameData(f.Payload)
		if code != ws.StatusGoingAway || !strings.Contains(reason, "retry=") {
			t.Errorf("closed with %d %q, want 1001 and retry=MS", code, reason)
		}
		break
	}
	if took := time.Since(begin); took > 10*time.Second { // 2 s are promised where nothing else runs
		t.Errorf("told after %v", took)
	}
	if code := d.wait(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

// TestResumeAcrossRestart follows a query and the alerts over a kill: what is
// asked for again with from and after has no hole but the time in which the
// daemon did not run, and no repetition.
func TestResumeAcrossRestart(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "[[alerts.rules]]\nname = \"Up\"\nexpr = \"up == 1\"\n")
	d := startDaemon(t, dir)
	s := dialStream(t, d, "query=up&alerts=")
	last := 0.0
	for range 3 {
		last = s.message("samples")["t"].(float64)
	}
	s = dialStream(t, d, "alerts=&after=0")
	epoch := s.message("hello")["epoch"]
	first := s.message("alert")
	if first["event"] != "firing" || first["seq"] != 1.0 {
		t.Errorf("the first event is %v", first)
	}
	d.kill()
	<-time.After(2100 * time.Millisecond) // two ticks at least are not taken
	d = startDaemon(t, dir)
	s = dialStream(t, d, fmt.Sprintf("query=up&from=%.0f&alerts=&after=1&epoch=%s", last+1000, epoch))
	if again := s.message("hello")["epoch"]; again != epoch {
		t.Errorf("the epoch was %v, is %v", epoch, again)
	}
	if gap := s.message("gap"); gap["reason"] != "down" || gap["from"].(float64) < last+1000 {
		t.Errorf("the time without a daemon is %v", gap)
	}
	at := 0.0
	for range 3 {
		m := s.message("samples")
		if next := m["t"].(float64); next <= at || next <= last {
			t.Errorf("time %.0f after %.0f", next, at)
		} else {
			at = next
		}
	}
}

func TestUnixSocket(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "")
	run, err := os.MkdirTemp("", "monitord") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	startDaemon(t, dir, "RUNTIME_DIRECTORY="+run)
	eventually(t, "watch says what there is", func() bool {
		code, out, errs := runMain(t, []string{"MONITORD_URL=unix:" + run + "/monitord.sock"}, "watch", "--once", "up")
		if code != exitDone || out != "" && !strings.Contains(out, `"value":1}`) {
			t.Fatalf("exit code %d: %s%s", code, out, errs)
		}
		return out != "" // when no tick has come for three seconds there is nothing
	})
}

func TestWatchCommandFollowsTheDaemon(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, ""))
	for name, tt := range map[string]struct {
		args []string
		code int
		want string
	}{
		"once":       {[]string{"up", "--once"}, 0, `"value":1}`},
		"count":      {[]string{"--samples", "up", "-n", "2", "-o", "csv"}, 0, "up"},
		"until":      {[]string{"--until", "up == 1"}, 0, ""},
		"timeout":    {[]string{"--alerts", "--timeout", "1s"}, exitTimedOut, ""},
		"expression": {[]string{"sum("}, exitUsage, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := runMain(t, nil, append([]string{"watch", "--url", d.URL()}, tt.args...)...)
			for tries := 1; name == "once" && out == "" && tries < 5; tries++ { // no tick has come for three seconds
				code, out, errs = runMain(t, nil, append([]string{"watch", "--url", d.URL()}, tt.args...)...)
			}
			if code != tt.code || !strings.Contains(out, tt.want) {
				t.Errorf("exit code %d, want %d; it printed %q and %q", code, tt.code, out, errs)
			}
		})
	}
	cmd := exec.Command(os.Args[0], "watch", "--url", "http://127.0.0.1:1", "--timeout", "1s")
	cmd.Env = append(os.Environ(), asDaemon+"=1")
	_ = cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != exitNoConnect && code != exitTimedOut {
		t.Errorf("no daemon: exit code %d, want %d", code, exitNoConnect)
	}
}
