package hooks

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
	"monitord/alerts/hooks/send"
	"monitord/alerts/journal"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == send.HelperName {
		if err := send.ServeHelper(os.Stdin, os.Stdout); err != nil {
			panic(err)
		}
		return
	}
	if dir := os.Getenv(childEnv); dir != "" {
		child(dir)
		return
	}
	// The helper is this program; with the race detector it would take its exit slowly.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	goleak.VerifyTestMain(m)
}

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func openLog(t testing.TB, dir string) (*alerts.Log, *journal.Journal) {
	t.Helper()
	j, err := journal.Open(dir, journal.Options{Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	log, err := alerts.OpenLog(j, quiet)
	if err != nil {
		t.Fatal(err)
	}
	return log, j
}

func write(t testing.TB, log *alerts.Log, events ...alerts.Event) {
	t.Helper()
	if _, err := log.Append(context.Background(), events); err != nil {
		t.Fatal(err)
	}
}

// whatOf says what is in a message, in short.
func whatOf(m *message.Message) string {
	var whats []string
	for _, a := range m.Payload.Alerts {
		whats = append(whats, a.Labels["alertname"]+" "+a.Status)
	}
	return strings.Join(whats, ", ")
}

// call is one attempt as a receiver saw it.
type call struct {
	what string // "name status", of a group several
	key  string
	at   time.Time
}

// fake is a receiver in memory. answer decides about each attempt; nil is success.
type fake struct {
	answer func(ctx context.Context, what string) send.Outcome

	mu      sync.Mutex
	calls   []call
	running int
	most    int
	closed  int
}

func (f *fake) Send(ctx context.Context, m *message.Message) send.Outcome {
	what := whatOf(m)
	f.mu.Lock()
	f.calls = append(f.calls, call{what, m.Key, time.Now()})
	f.running++
	f.most = max(f.most, f.running)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.running--
		f.mu.Unlock()
	}()
	if f.answer == nil {
		return send.Outcome{}
	}
	return f.answer(ctx, what)
}

func (*fake) Target() string { return "" }

func (f *fake) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed++
}

func (f *fake) seen() []call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]call(nil), f.calls...)
}

func (f *fake) whats() []string {
	var whats []string
	for _, c := range f.seen() {
		whats = append(whats, c.what)
	}
	return whats
}

var errRefused = errors.New("refused")

func with(name string, s sender) compiled {
	c := DefaultConfig()
	c.Name, c.Type = name, "webhook"
	return compiled{Config: c, sender: s}
}

// start runs a runner of these hooks in the background; stop ends it and waits.
func start(t testing.TB, log Log, hooks ...compiled) (r *Runner, stop func()) {
	t.Helper()
	r, err := New(nil, Options{Log: log, Instance: "web1", Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	r.reload = hooks
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("Run = %v", err)
			}
		})
	}
	t.Cleanup(stop)
	return r, stop
}

// keys are the calls with their idempotency keys, the epoch left out.
func (f *fake) keys() []string {
	var keys []string
	for _, c := range f.seen() {
		_, key, _ := strings.Cut(c.key, "-")
		keys = append(keys, c.what+" "+key)
	}
	return keys
}

// inBubble runs a test on the clock of synctest, with a log.
func inBubble(t *testing.T, test func(t *testing.T, log *alerts.Log)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		log, _ := openLog(t, dir)
		test(t, log)
	})
}

// after lets time pass until everybody waits again.
func after(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
	synctest.Wait()
}

// told lists the deliveries in the journal as "hook kind of attempts".
func told(t testing.TB, log *alerts.Log) []string {
	t.Helper()
	events, err := log.Read(0, 10000)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range events {
		if d := e.Delivery; d != nil {
			s := fmt.Sprintf("%s %s %d %d", d.Hook, e.Kind, d.Of, d.Attempts)
			if len(d.With) > 0 {
				s += fmt.Sprintf(" with %v", d.With)
			}
			if d.Repeat > 0 {
				s += fmt.Sprintf(" repeat %d", d.Repeat)
			}
			if d.GivenUp {
				s += " given up"
			}
			list = append(list, s)
		}
	}
	return list
}

// waitFor waits on the journal until a condition holds.
func waitFor(t testing.TB, log *alerts.Log, cond func() bool) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for {
		changed := log.Changed()
		if cond() {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("in two minutes the journal came to %v", told(t, log))
		}
	}
}
