package hooks

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/message"
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
	r, err := New(killHooks(os.Getenv(childURL)), Options{Log: log, Instance: "web1", Logger: quiet})
	if err != nil {
		fail(err)
	}
	r.sealFor = time.Hour // with a disk that takes longer than that, groups may fall apart
	if os.Getenv(childAppends) != "" {
		go func() {
			for range childAppended {
				n := rand.IntN(childAlerts)
				name, severity := fmt.Sprint("A", n), fmt.Sprint("s", n%2)
				events := []alerts.Event{hooktest.WithLabel(hooktest.Firing(name), "severity", severity), hooktest.WithLabel(hooktest.Resolved(name), "severity", severity)}
				if _, err := log.Append(context.Background(), events); err != nil {
					fail(err)
				}
				<-time.After(rand.N(4 * time.Millisecond)) // so that there is more than one group
			}
		}()
	}
	fail(r.Run(context.Background()))
}

// killHooks are one that delivers each event by itself, one that groups and
// repeats, and one whose receiver refuses everything for good.
func killHooks(url string) []Config {
	hook := func(name string) Config {
		c := DefaultConfig()
		c.Name, c.Type, c.URL = name, "webhook", url+"/"+name
		return c
	}
	grouped := hook("grouped")
	grouped.GroupBy, grouped.GroupWait, grouped.Repeat = []string{"severity"}, 3*time.Millisecond, time.Second
	return []Config{hook("ops"), grouped, hook("strict")}
}

// ledger is the receiver's book.
type ledger struct {
	mu       sync.Mutex
	bodies   map[string]string            // by idempotency key
	last     map[string]uint64            // highest number delivered, by hook and alert
	under    map[string]map[uint64]string // the key under which each event came first, by hook
	repeats  map[string]int               // by the part of the key before it
	faults   []string
	refusing bool
	requests chan struct{} // one for each delivery: none between a look at the book and the wait is missed
}

func newLedger() *ledger {
	return &ledger{
		bodies: map[string]string{}, last: map[string]uint64{}, repeats: map[string]int{}, refusing: true, requests: make(chan struct{}, 4096),
		under: map[string]map[uint64]string{"ops": {}, "grouped": {}, "strict": {}},
	}
}

func (l *ledger) fault(format string, args ...any) {
	l.faults = append(l.faults, fmt.Sprintf(format, args...))
}

func (l *ledger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the daemon was killed while it sent
	}
	key := r.Header.Get("Idempotency-Key")
	hook := strings.TrimPrefix(r.URL.Path, "/")
	l.mu.Lock()
	defer l.mu.Unlock()
	var p message.Payload
	if err := json.Unmarshal(body, &p); err != nil {
		l.fault("%v", err)
		return
	}
	if l.refusing && hook != "strict" && rand.IntN(12) == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if before, ok := l.bodies[key]; ok && before != string(body) {
		l.fault("another body under the key %s", key)
	} else if !ok {
		l.enter(hook, key, &p)
	}
	l.bodies[key] = string(body)
	if hook == "strict" {
		w.WriteHeader(http.StatusNotFound)
	}
	select {
	case l.requests <- struct{}{}:
	default:
	}
}

// enter takes in what comes under a new key.
func (l *ledger) enter(hook, key string, p *message.Payload) {
	if n := p.Monitord.Repeat; n > 0 {
		// The alert that lasts is said again and again; nothing is left out.
		if before := l.repeats[hook]; n != before+1 {
			l.fault("repeat %d came after %d", n, before)
		}
		l.repeats[hook] = n
		return
	}
	for i := range p.Alerts {
		alert, seq := hook+" "+p.Alerts[i].Labels["alertname"], p.Monitord.Alerts[i].Seq
		if seq < l.last[alert] {
			l.fault("event %d of %s came after %d", seq, alert, l.last[alert])
		}
		l.last[alert] = seq
		if before := l.under[hook][seq]; before != "" {
			l.fault("event %d came under %s and under %s", seq, before, key)
		}
		l.under[hook][seq] = key
	}
}

// TestKill kills daemons in the middle of their deliveries. In the end every
// event was delivered by every hook, repeats had the same key and body, groups did
// not fall apart, and the journal says so once for each.
func TestKill(t *testing.T) {
	book := newLedger()
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
		for range 1 + rand.IntN(40) {
			<-book.requests
		}
		kill(cmd)
	}
	book.mu.Lock()
	book.refusing = false
	book.mu.Unlock()

	// The last daemon appends nothing and is killed when all is delivered.
	log, j := openLog(t, dir)
	want := transitions(t, log)
	j.Close()
	cmd := run("")
	for !book.has(want) {
		<-book.requests
	}
	kill(cmd)

	// What it did not get to say is said by one that ends in peace.
	log, _ = openLog(t, dir)
	r, err := New(killHooks(server.URL), Options{Log: log, Instance: "web1", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	waitFor(t, log, func() bool { return len(closings(t, log)) >= 3*len(want) })
	waitForLetters(t, r, "strict", len(want))
	cancel()
	<-done
	for what, n := range closings(t, log) {
		if n != 1 {
			t.Errorf("the journal says %d times: %s", n, what)
		}
	}
	book.mu.Lock()
	defer book.mu.Unlock()
	for hook, events := range book.under {
		for seq, key := range events {
			if !want[seq] {
				t.Errorf("delivered by %s, but not in the journal: %s", hook, key)
			}
		}
	}
	if len(book.faults) > 0 {
		t.Errorf("%d faults: %s", len(book.faults), strings.Join(book.faults[:min(10, len(book.faults))], "; "))
	}
	groups := slices.Sorted(maps.Values(book.under["grouped"]))
	t.Logf("%d events, in groups %d deliveries, %d repeats", len(want), len(slices.Compact(groups)), book.repeats["grouped"])
}

// waitForLetters waits until a hook has so many dead letters: the journal has what
// it says of them before the hook has read it back.
func waitForLetters(t *testing.T, r *Runner, name string, n int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; <-time.After(5 * time.Millisecond) {
		list, err := r.List(t.Context(), name)
		switch {
		case err != nil:
			t.Fatal(err)
		case list[0].DeadTotal == n:
			return
		case time.Now().After(deadline):
			t.Fatalf("%d dead letters of %d", list[0].DeadTotal, n)
		}
	}
}

// has says whether every hook has delivered every event, and one of them has
// been said again.
func (l *ledger) has(want map[uint64]bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, events := range l.under {
		for seq := range want {
			if events[seq] == "" {
				return false
			}
		}
	}
	return l.repeats["grouped"] >= 2
}

// transitions are the numbers of what is to be delivered.
func transitions(t *testing.T, log *alerts.Log) map[uint64]bool {
	t.Helper()
	want := map[uint64]bool{}
	for _, e := range all(t, log) {
		if e.Delivery == nil {
			want[e.Seq] = true
		}
	}
	return want
}

// closings counts how often the journal says that an event was delivered or
// given up by a hook for the first time.
func closings(t *testing.T, log *alerts.Log) map[string]int {
	t.Helper()
	said := map[string]int{}
	for _, e := range all(t, log) {
		d := e.Delivery
		if d == nil || d.Repeat > 0 || e.Kind == alerts.KindNotifyFailed && !d.GivenUp {
			continue
		}
		for _, seq := range append([]uint64{d.Of}, d.With...) {
			said[fmt.Sprintf("%s %d", d.Hook, seq)]++
		}
	}
	return said
}

// introduce makes the journal know the hooks, which owe nothing from before, and
// begins the alert that lasts.
func introduce(t *testing.T, dir, url string) {
	t.Helper()
	log, j := openLog(t, dir)
	defer j.Close()
	r, err := New(killHooks(url), Options{Log: log, Instance: "web1", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- r.Run(ctx) }()
	waitFor(t, log, func() bool { return len(log.Progress()) == 3 })
	cancel()
	<-done
	write(t, log, hooktest.WithLabel(hooktest.Firing("lasting"), "severity", "warning"))
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
