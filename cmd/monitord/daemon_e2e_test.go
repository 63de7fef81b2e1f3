package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestDaemonAnswersWithoutConfiguration(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, ""))
	eventually(t, "all collectors have read once", func() bool {
		return d.query(`up`, "instance")["test-host"] == "1" && d.query(`node_filesystem_size_bytes`, "job")["node"] != ""
	})
	// One that a busy machine keeps waiting at a tick is well at another.
	eventually(t, "all collectors succeed", func() bool {
		return len(d.query(`node_scrape_collector_success != 1`, "collector")) == 0
	})
	for path, want := range map[string]int{
		"/": 200, "/healthz": 200, "/readyz": 200, "/-/healthy": 200, "/-/ready": 200, "/metrics": 200,
		"/api/v1/stream": 200, "/api/v1/stream?wait=6m": 400, "/-/reload": 405, "/nothing": 404, "/api/v1/query?query=sum(": 400,
	} {
		if got, body := d.get(path); got != want {
			t.Errorf("GET %s: status %d, want %d: %.200s", path, got, want, body)
		}
	}
	text := ""
	for _, want := range []string{"# TYPE node_cpu_seconds_total counter", `node_cpu_seconds_total{cpu="0",mode="user"} `, "monitord_build_info{"} {
		eventually(t, fmt.Sprintf("/metrics has %q", want), func() bool {
			_, text = d.get("/metrics")
			return strings.Contains(text, want)
		})
	}
	if strings.Contains(text, `job="node"`) {
		t.Error("/metrics has the label that the scraper sets")
	}
}

func TestDaemonChecksHostAndOrigin(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, ""))
	for _, path := range []string{"/", "/metrics", "/healthz", "/api/v1/query?query=up", "/api/v1/stream", "/-/reload", "/nothing"} {
		for name, change := range map[string]func(*http.Request){
			"rebound host":   func(r *http.Request) { r.Host = "evil.example" },
			"foreign origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
		} {
			r, err := http.NewRequestWithContext(t.Context(), "POST", d.URL()+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			change(r)
			resp, err := http.DefaultTransport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusForbidden {
				t.Errorf("%s with %s: status %d, want 403", path, name, resp.StatusCode)
			}
		}
	}
}

func TestDaemonIsReadyAfterItsFirstTickAndFeedsTheWatchdog(t *testing.T) {
	t.Parallel()
	socket, states := notifySocket(t)
	d := launchDaemon(t, daemonDir(t, ""), socket, "WATCHDOG_USEC=4000000")
	next := func() string {
		select {
		case s := <-states:
			return s
		case <-time.After(patience):
			t.Fatalf("the service manager hears nothing:\n%s", d.log())
			return ""
		}
	}
	if s := next(); !strings.Contains(s, "READY=1") {
		t.Fatalf("the first state is %q, want READY=1", s)
	}
	<-d.printed("msg=ready") // its address has been read by then
	if n, _ := strconv.Atoi(d.query(`count_over_time(up[1m])`, "instance")["test-host"]); n < 1 {
		t.Error("ready without a stored tick")
	}
	for fed := 0; fed < 3; {
		if strings.Contains(next(), "WATCHDOG=1") {
			fed++
		}
	}
	d.signal(syscall.SIGHUP)
	for !strings.Contains(next(), "RELOADING=1") {
	}
	d.signal(syscall.SIGTERM)
	for !strings.Contains(next(), "STOPPING=1") {
	}
	if code := d.wait(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
}

func TestSecondDaemonOnTheSameDirectoryEndsWithASentence(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "")
	startDaemon(t, dir)
	second := launchDaemon(t, dir)
	if code := second.wait(); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if log := second.log(); !strings.Contains(log, "another monitord uses") || strings.Contains(log, "goroutine") {
		t.Errorf("it said:\n%s", log)
	}
}

func TestHistorySurvivesKill(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "")
	d := startDaemon(t, dir)
	count := func(d *testDaemon) int {
		n, _ := strconv.Atoi(d.query(`count_over_time(up[5m])`, "instance")["test-host"])
		return n
	}
	eventually(t, "some ticks are stored", func() bool { return count(d) >= 5 })
	before := count(d)
	d.kill()
	d = startDaemon(t, dir)
	if after := count(d); after < before-1 {
		t.Errorf("%d ticks after the restart, %d were seen before", after, before)
	}
}

func TestFaultyReloadChangesNothing(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "")
	d := startDaemon(t, dir)
	ask := func(method, path string) (int, string) {
		resp, err := http.DefaultTransport.RoundTrip(mustRequest(t, method, d.URL()+path))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode, readAll(t, resp.Body)
	}
	// What /metrics says is so at once, not when the next tick comes.
	shows := func(successful string) {
		t.Helper()
		const metric = "\nmonitord_config_last_reload_successful "
		text := ""
		eventually(t, "the tick at hand has it", func() bool {
			_, text = ask("GET", "/metrics")
			return strings.Contains(text, metric)
		})
		if !strings.Contains(text, metric+successful+"\n") {
			t.Errorf("right after a reload /metrics does not show %s", successful)
		}
	}
	reload := func() int {
		status, _ := ask("POST", "/-/reload")
		return status
	}
	writeConfig(t, dir, "[[alerts.rules]]\nname = \"New\"\nexpr = \"sum(\"\n")
	if status := reload(); status != http.StatusInternalServerError {
		t.Errorf("a faulty file: status %d", status)
	}
	shows("0")
	eventually(t, "the fault is in the log", func() bool { return strings.Contains(d.log(), "alerts.rules[0].expr") })
	eventually(t, "the failed reload shows", func() bool {
		return d.query("monitord_config_last_reload_successful", "instance")["test-host"] == "0"
	})
	writeConfig(t, dir, "[[alerts.rules]]\nname = \"New\"\nexpr = \"up == 1\"\n[history]\nretention = \"9d\"\n")
	status, answer := ask("POST", "/-/reload")
	if want := "reloaded\na change of history.retention needs a restart, the old value stays in force\n"; status != http.StatusOK || answer != want {
		t.Errorf("a good file: status %d, %q\n%s", status, answer, d.log())
	}
	shows("1")
	eventually(t, "the key that needs a restart is named", func() bool { return strings.Contains(d.log(), "key=history.retention") })
	eventually(t, "the new rule fires", func() bool {
		return d.query(`ALERTS{alertstate="firing"}`, "alertname")["New"] == "1" &&
			d.query("monitord_config_last_reload_successful", "instance")["test-host"] == "1"
	})
}

func mustRequest(t *testing.T, method, target string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// receiver is a webhook's other end. It refuses until it is told not to.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex // guards the fields below
	accept bool
	calls  []delivery
}

type delivery struct {
	key      string
	status   string
	startsAt string
	accepted bool
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var body struct {
			Status string
			Alerts []struct{ StartsAt string }
		}
		if err := json.NewDecoder(req.Body).Decode(&body); err != nil || len(body.Alerts) != 1 {
			t.Errorf("webhook body: %v, %d alerts", err, len(body.Alerts))
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calls = append(r.calls, delivery{req.Header.Get("Idempotency-Key"), body.Status, body.Alerts[0].StartsAt, r.accept})
		if !r.accept {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) seen() []delivery {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

func TestAlertSurvivesKillAndTheHookThatFailedIsCalledAgain(t *testing.T) {
	t.Parallel()
	hook := newReceiver(t)
	script := filepath.Join(t.TempDir(), "hook")
	told := filepath.Join(t.TempDir(), "told")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$MONITORD_ALERT_NAME $MONITORD_ALERT_STATUS $MONITORD_ALERT_SEQ $1\" >> "+told+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	dir := daemonDir(t, fmt.Sprintf(`
[[alerts.rules]]
name = "Up"
expr = "up == 1"
for = "2s"
severity = "info"
annotations = { summary = "{{ $labels.instance }} is {{ $value }}" }

[[alerts.hooks]]
name = "web"
type = "webhook"
url = %q

[[alerts.hooks]]
name = "script"
type = "exec"
command = [%q, "one argument; not two"]
`, hook.URL, script))
	d := startDaemon(t, dir)
	eventually(t, "the webhook was tried", func() bool { return len(hook.seen()) > 0 })
	firstCall := hook.seen()[0]
	since := d.query(`ALERTS_FOR_STATE{alertname="Up"}`, "alertname")["Up"]
	eventually(t, "the script was told", func() bool {
		text, _ := os.ReadFile(told)
		return strings.HasPrefix(string(text), "Up firing ") && strings.HasSuffix(string(text), " one argument; not two\n")
	})
	// Told is not yet noted: a kill in between makes it be told again, with the same key.
	// What is counted may not be on disk either; what is streamed is.
	eventually(t, "that the script was told is in the journal", func() bool {
		_, said := d.get("/api/v1/stream?alerts=&after=0&wait=0&limit=500")
		return strings.Contains(said, `"event":"notified"`)
	})
	seqBefore := d.query("monitord_journal_last_seq", "instance")["test-host"]
	d.kill()

	hook.mu.Lock()
	hook.accept = true
	hook.mu.Unlock()
	d = startDaemon(t, dir)
	eventually(t, "the webhook took the delivery", func() bool {
		calls := hook.seen()
		return calls[len(calls)-1].accepted
	})
	for _, c := range hook.seen() {
		if c.status != "firing" || c.key != firstCall.key || c.startsAt != firstCall.startsAt {
			t.Errorf("a repeat is %+v, the first was %+v", c, firstCall)
		}
	}
	if got := d.query(`ALERTS{alertname="Up"}`, "alertstate"); got["firing"] != "1" {
		t.Errorf("after the restart the alert is %v", got)
	}
	if now := d.query(`ALERTS_FOR_STATE{alertname="Up"}`, "alertname")["Up"]; now != since {
		t.Errorf("active since %s, was %s before the restart", now, since)
	}
	eventually(t, "the numbers go on", func() bool {
		before, _ := strconv.Atoi(seqBefore)
		after, _ := strconv.Atoi(d.query("monitord_journal_last_seq", "instance")["test-host"])
		return after > before
	})
	if text, _ := os.ReadFile(told); strings.Count(string(text), "\n") != 1 {
		t.Errorf("the script that had succeeded was called again:\n%s", text)
	}
}

func TestTermEndsTheDaemonWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, `
[[alerts.rules]]
name = "Up"
expr = "up == 1"
[[alerts.hooks]]
name = "slow"
type = "exec"
command = ["/bin/sleep", "60"]
`)
	d := startDaemon(t, dir)
	eventually(t, "the hook runs", func() bool {
		return d.query(`ALERTS{alertname="Up"}`, "alertstate")["firing"] == "1"
	})
	begin := time.Now()
	d.signal(syscall.SIGTERM)
	if code := d.wait(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if took := time.Since(begin); took > 20*time.Second { // 5 s are promised where nothing else runs
		t.Errorf("it took %v", took)
	}
}

func TestCheckPrintsEveryFault(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "[log]\nlevel = 1\n[server]\nlisten = [\"0.0.0.0:1\"]\n")
	cmd := exec.Command(os.Args[0], "check", "--config", filepath.Join(dir, "monitord.toml"))
	cmd.Env = append(os.Environ(), asDaemon+"=1")
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != exitConfig {
		t.Errorf("exit code %d (%v), want %d", code, err, exitConfig)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "monitord.toml:4: log.level: ") || !strings.Contains(lines[1], "monitord.toml:6: server.listen[0]: ") {
		t.Errorf("it printed:\n%s", out)
	}
}
