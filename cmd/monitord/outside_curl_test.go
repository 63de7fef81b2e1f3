//go:build outside

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"net/url"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
)

// sample is what these tests look at in a message.
type sample struct {
	Op      string
	T       int64
	From    int64
	To      int64
	Reason  string
	Message string
}

// sequence checks that samples of every second come once, in order, with a gap
// where there are none.
type sequence struct {
	t    *testing.T
	next int64 // 0: any
	seen int
}

func (q *sequence) take(m sample) {
	q.t.Helper()
	from, to := m.T, m.T
	switch m.Op {
	case "samples":
		q.seen++
	case "gap":
		from, to = m.From, m.To
	case "error":
		q.t.Fatalf("%+v", m)
	default:
		return
	}
	if q.next != 0 && from != q.next {
		q.t.Fatalf("%+v comes where %d should", m, q.next)
	}
	q.next = to + 1000
}

// TestOutsideCurlEvents reads a stream of events as curl prints it, has the daemon
// killed, and goes on after the last id.
func TestOutsideCurlEvents(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "")
	d := startDaemon(t, dir)
	order := sequence{t: t}
	id := curlEvents(t, d.URL()+"/api/v1/stream?samples=node_load1", "", &order, 3)
	d.kill()
	d.wait()
	d = startDaemon(t, dir)
	if curlEvents(t, d.URL()+"/api/v1/stream?samples=node_load1", id, &order, 3) == id {
		t.Error("no other id")
	}
}

// curlEvents reads until there have been some more samples with an id behind them,
// which it returns.
func curlEvents(t *testing.T, address, id string, order *sequence, more int) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), outsideTime)
	defer cancel()
	args := []string{"-sSN", "--fail-with-body", "-H", "Accept: text/event-stream"}
	if id != "" {
		args = append(args, "-H", "Last-Event-ID: "+id)
	}
	cmd := exec.CommandContext(ctx, "curl", append(args, address)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait() // which ends it
	defer cancel()
	until := order.seen + more
	for lines := bufio.NewScanner(out); lines.Scan(); {
		key, value, _ := strings.Cut(lines.Text(), ": ")
		switch key {
		case "data":
			var m sample
			if err := json.Unmarshal([]byte(value), &m); err != nil {
				t.Fatalf("%s: %v", value, err)
			}
			order.take(m)
		case "id":
			if order.seen >= until {
				return value
			}
		case "", "retry":
		default:
			t.Fatalf("line %q", lines.Text())
		}
	}
	t.Fatalf("the stream ended")
	return ""
}

// TestOutsideCurlPolls polls in a loop over a restart of the daemon, in both
// encodings and compressed.
func TestOutsideCurlPolls(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "")
	d := startDaemon(t, dir)
	order := sequence{t: t}
	cursor := ""
	poll := func(args ...string) {
		t.Helper()
		u := d.URL() + "/api/v1/stream?" + url.Values{"samples": {"node_load1"}, "wait": {"20s"}}.Encode()
		if cursor != "" {
			u += "&cursor=" + cursor
		}
		body := outside(t, "", "curl", append([]string{"-sS", "--fail-with-body", u}, args...)...)
		var m struct {
			Cursor   string
			Messages []sample
		}
		decode := json.Unmarshal
		if len(args) > 1 {
			decode = cbor.Unmarshal
		}
		if err := decode([]byte(body), &m); err != nil || m.Cursor == "" {
			t.Fatalf("%q: %v", body, err)
		}
		cursor = m.Cursor
		for _, s := range m.Messages {
			order.take(s)
		}
	}
	poll()
	poll("--compressed")
	poll("-H", "Accept: application/cbor")
	d.signal(syscall.SIGTERM)
	d.wait()
	d = startDaemon(t, dir)
	for order.seen < 6 {
		poll("--compressed")
	}

	t.Log("what is wrong is said with a status")
	out := outside(t, "", "curl", "-sS", "-w", " %{http_code} %{content_type}", d.URL()+"/api/v1/stream?cursor=x&samples=up")
	if !strings.HasPrefix(out, `{"op":"error","code":"bad_message"`) || !strings.HasSuffix(out, " 400 application/json") {
		t.Error(out)
	}

	t.Log("a poll that waits hears that the daemon ends")
	polling := func(n string) func() bool {
		return func() bool { return d.query(`monitord_stream_transport_connections`, "transport")["polling"] == n }
	}
	eventually(t, "the others are counted no more", polling("0"))
	waits := make(chan string, 1)
	go func() {
		b, _ := exec.Command("curl", "-sSi", "-m", "30", d.URL()+"/api/v1/stream?alerts=&wait=5m&cursor="+cursor).Output()
		waits <- string(b)
	}()
	eventually(t, "it waits", polling("1"))
	d.signal(syscall.SIGTERM)
	select {
	case out := <-waits:
		if !strings.HasPrefix(out, "HTTP/1.1 503") || !strings.Contains(out, "Retry-After: ") {
			t.Error(out)
		}
	case <-time.After(outsideTime):
		t.Error("it goes on waiting")
	}
	d.wait()
}
