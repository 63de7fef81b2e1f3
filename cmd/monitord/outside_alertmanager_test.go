//go:build outside

package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// background starts a program that runs until the test ends, and returns what it
// has printed so far.
func background(t *testing.T, name string, args ...string) (printed func() string) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), filepath.Base(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "PYTHONUNBUFFERED=1")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	printed = func() string {
		b, _ := os.ReadFile(out.Name())
		return string(b)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("what %s said:\n%s", name, printed())
		}
	})
	return printed
}

// outsideAlertmanager is Debian's Alertmanager, and what it tells whom it notifies.
type outsideAlertmanager struct {
	url string

	mu   sync.Mutex // guards the field below
	told []string   // "alertname status"
}

func startAlertmanager(t *testing.T) *outsideAlertmanager {
	t.Helper()
	am := &outsideAlertmanager{}
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body struct {
			Alerts []struct {
				Status string
				Labels map[string]string
			}
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		am.mu.Lock()
		defer am.mu.Unlock()
		for _, a := range body.Alerts {
			am.told = append(am.told, a.Labels["alertname"]+" "+a.Status)
		}
	}))
	t.Cleanup(receiver.Close)
	dir, addr := t.TempDir(), freeAddress(t)
	config := filepath.Join(dir, "am.yml")
	text := fmt.Sprintf("route: {receiver: test, group_by: [alertname], group_wait: 100ms, group_interval: 1s, repeat_interval: 1h}\n"+
		"receivers: [{name: test, webhook_configs: [{url: %q, send_resolved: true}]}]\n", receiver.URL)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	background(t, "prometheus-alertmanager", "--config.file="+config, "--storage.path="+dir, "--web.listen-address="+addr, "--cluster.listen-address=")
	am.url = "http://" + addr
	eventually(t, "the Alertmanager answers", func() bool {
		resp, err := http.Get(am.url + "/-/ready")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return am
}

// active returns when each alert that it holds as active began, by name.
func (am *outsideAlertmanager) active(t *testing.T) map[string]string {
	t.Helper()
	resp, err := http.Get(am.url + "/api/v2/alerts")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var list []struct {
		Labels   map[string]string
		StartsAt string
		Status   struct{ State string }
	}
	if err := json.NewDecoder(resp.Body).Decode(&list); err != nil {
		t.Fatal(err)
	}
	since := map[string]string{}
	for _, a := range list {
		if a.Status.State == "active" {
			since[a.Labels["alertname"]] = a.StartsAt
		}
	}
	return since
}

// notified returns what it has told whom it notifies about one alert.
func (am *outsideAlertmanager) notified(name string) string {
	am.mu.Lock()
	defer am.mu.Unlock()
	var told []string
	for _, s := range am.told {
		if status, ok := strings.CutPrefix(s, name+" "); ok {
			told = append(told, status)
		}
	}
	return strings.Join(told, " ")
}

// A real Alertmanager holds what fires as active for as long as it fires, over
// several times the life that each resend gives it, through a restart of the
// daemon and a kill; and hears of the end.
func TestOutsideAlertmanagerNeverFlaps(t *testing.T) {
	t.Parallel()
	am := startAlertmanager(t)
	const resend = 3 * time.Second // and lives for four of them
	dir := daemonDir(t, fmt.Sprintf(`
[stream]
ping_interval = "5m" # the viewer answers none
[[alerts.rules]]
name = "Steady"
expr = "up == 1"
severity = "critical"
annotations = { summary = "{{ $labels.instance }} is up" }
[[alerts.rules]]
name = "Watched"
expr = "monitord_stream_connections > 0"
[[alerts.hooks]]
name = "fleet"
type = "alertmanager"
url = %q
resend = %q
`, am.url, resend))
	d := startDaemon(t, dir)
	viewer, ok := d.subscriber(patience)
	if !ok {
		t.Fatal("no connection")
	}
	eventually(t, "both are active", func() bool { return len(am.active(t)) == 2 })
	begin := am.active(t)
	// Longer than an alert lives without being sent again.
	hold := func(what string, names ...string) {
		t.Helper()
		for end := time.Now().Add(4*resend + resend/2); time.Now().Before(end); {
			now := am.active(t)
			for _, name := range names {
				if now[name] != begin[name] {
					t.Fatalf("%s: %s is active since %q, it was since %q", what, name, now[name], begin[name])
				}
			}
			<-time.After(100 * time.Millisecond)
		}
	}
	hold("while it fires", "Steady", "Watched")
	if out := outside(t, "", "amtool", "--alertmanager.url="+am.url, "alert", "query", "severity=critical", "-o", "extended"); !strings.Contains(out, `alertname="Steady"`) ||
		!strings.Contains(out, "test-host is up") || !strings.Contains(out, "active") || strings.Contains(out, "Watched") {
		t.Errorf("amtool:\n%s", out)
	}

	viewer.Close()
	eventually(t, "the end of the other is heard of", func() bool {
		_, active := am.active(t)["Watched"]
		return !active && am.notified("Watched") == "firing resolved"
	})

	d.signal(os.Interrupt)
	d.wait()
	d = startDaemon(t, dir)
	hold("after a restart", "Steady")
	d.kill()
	startDaemon(t, dir)
	hold("after a kill", "Steady")
	if told := am.notified("Steady"); told != "firing" {
		t.Errorf("it was told of as %s", told)
	}
	if told := am.notified("Watched"); told != "firing resolved" {
		t.Errorf("the other was told of as %s", told)
	}
}
