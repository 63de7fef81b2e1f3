package hooks

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"monitord/alerts"
	"monitord/alerts/journal"
)

// The test binary, started by TestKill with these in its environment, is a
// daemon of its own.
const (
	childEnv      = "HOOKS_TEST_CHILD" // the journal's directory
	childURL      = "HOOKS_TEST_URL"
	childAppends  = "HOOKS_TEST_APPENDS" // absent: only deliver what is there
	childAlerts   = 5
	childAppended = 15 // times two events
	killedDaemons = 4
)

func child(dir string) {
	fail := func(err error) {
		fmt.Fprintln(os.Stderr, "child:", err)
		os.Exit(1)
	}
	j, err := journal.Open(dir, journal.Options{Log: quiet})
	if err != nil {
		fail(err)
	}
	log, err := alerts.OpenLog(j, quiet)
	if err != nil {
		fail(err)
	}
	c := DefaultConfig()
	c.Name, c.Type, c.URL = "ops", "webhook", os.Getenv(childURL)
	r, err := New([]Config{c}, Options{Log: log, Instance: "web1", Logger: quiet})
	if err != nil {
		fail(err)
	}
	if os.Getenv(childAppends) != "" {
		go func() {
			for range childAppended {
				name := fmt.Sprint("A", rand.IntN(childAlerts))
				if _, err := log.Append(context.Background(), []alerts.Event{firing(name), resolved(name)}); err != nil {
					fail(err)
				}
			}
		}()
	}
	fail(r.Run(context.Background()))
}

// ledger is the receiver's book.
type ledger struct {
	mu       sync.Mutex
	bodies   map[string]string // by idempotency key
	last     map[string]uint64 // highest number delivered, by alert
	faults   []string
	refusing bool
	requests chan struct{} // one for each delivery: none between a look at the book and the wait is missed
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the daemon was killed while it sent
	}
	key := r.Header.Get("Idempotency-Key")
	var p payload
	if err := json.Unmarshal(body, &p); err != nil {
		l.faults = append(l.faults, err.Error())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.refusing && rand.IntN(12) == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if before, ok := l.bodies[key]; ok && before != string(body) {
		l.faults = append(l.faults, "another body under the key "+key)
	}
	alert, seq := p.Alerts[0].Labels["alertname"], p.Monitord.Alerts[0].Seq
	if _, repeated := l.bodies[key]; !repeated && seq < l.last[alert] {
		l.faults = append(l.faults, fmt.Sprintf("event %d of %s came after %d", seq, alert, l.last[alert]))
	}
	l.last[alert] = max(l.last[alert], seq)
	l.bodies[key] = string(body)
	select {
	case l.requests <- struct{}{}:
	default:
	}
}

// TestKill kills daemons in the middle of their deliveries. In the end every
// event was delivered, repeats had the same key and body, and the journal says
// so once for each.
func TestKill(t *testing.T) {
	book := &ledger{bodies: map[string]string{}, last: map[string]uint64{}, refusing: true, requests: make(chan struct{}, 4096)}
	server := httptest.NewServer(book)
	defer server.Close()
	dir := t.TempDir()
	run := func(appends string) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+dir, childURL+"="+server.URL, childAppends+"="+appends)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		return cmd
	}
	kill := func(cmd *exec.Cmd) {
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
	}
	introduce(t, dir, server.URL)
	for range killedDaemons {
		for len(book.requests) > 0 {
			<-book.requests // of the daemon before
		}
		cmd := run("yes")
		for range 1 + rand.IntN(20) {
			<-book.requests
		}
		kill(cmd)
	}
	book.mu.Lock()
	book.refusing = false
	book.mu.Unlock()

	// The last daemon appends nothing and is killed when all is delivered.
	log, j := openLog(t, dir)
	epoch := log.Epoch()
	want := map[string]bool{}
	for _, e := range all(t, log) {
		if e.Delivery == nil {
			want[fmt.Sprintf("%s-ops-%d", epoch, e.Seq)] = true
		}
	}
	j.Close()
	cmd := run("")
	for {
		book.mu.Lock()
		missing := 0
		for key := range want {
			if book.bodies[key] == "" {
				missing++
			}
		}
		book.mu.Unlock()
		if missing == 0 {
			break
		}
		<-book.requests
	}
	kill(cmd)

	// What it did not get to say is said by one that ends in peace.
	log, _ = openLog(t, dir)
	c := DefaultConfig()
	c.Name, c.Type, c.URL = "ops", "webhook", server.URL
	r, err := New([]Config{c}, Options{Log: log, Instance: "web1", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	waitFor(t, log, func() bool {
		n := 0
		for _, e := range all(t, log) {
			if e.Kind == alerts.KindNotified {
				n++
			}
		}
		return n >= len(want)
	})
	cancel()
	<-done
	said := map[uint64]int{}
	for _, e := range all(t, log) {
		if e.Kind == alerts.KindNotified {
			said[e.Delivery.Of]++
		}
	}
	for seq, n := range said {
		if n != 1 {
			t.Errorf("the journal says %d times that %d was delivered", n, seq)
		}
	}
	book.mu.Lock()
	defer book.mu.Unlock()
	for key := range book.bodies {
		if !want[key] {
			t.Errorf("delivered, but not in the journal: %s", key)
		}
	}
	if len(book.faults) > 0 {
		t.Errorf("%d faults: %s", len(book.faults), strings.Join(book.faults[:min(10, len(book.faults))], "; "))
	}
}

// introduce makes the journal know the hook: it owes nothing from before.
func introduce(t *testing.T, dir, url string) {
	t.Helper()
	log, j := openLog(t, dir)
	defer j.Close()
	c := DefaultConfig()
	c.Name, c.Type, c.URL = "ops", "webhook", url
	r, err := New([]Config{c}, Options{Log: log, Instance: "web1", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	waitFor(t, log, func() bool { return log.Progress()["ops"] != nil })
	cancel()
	<-done
}

func all(t testing.TB, log *alerts.Log) []alerts.Event {
	t.Helper()
	var events []alerts.Event
	for after := uint64(0); ; {
		page, err := log.Read(after, 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			return events
		}
		for _, e := range page {
			if e.Seq != after+1 {
				t.Fatalf("number %d after %d", e.Seq, after)
			}
			after = e.Seq
		}
		events = append(events, page...)
	}
}
