package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"monitord/alerts/hooks"
)

// TestHooksByCommand lists, retries and tries hooks out as people do, with a kill
// in between.
func TestHooksByCommand(t *testing.T) {
	t.Parallel()
	var status atomic.Int64
	status.Store(http.StatusForbidden)
	var keys [2]atomic.Value // the first and the last that came
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("Idempotency-Key")
		keys[0].CompareAndSwap(nil, key)
		keys[1].Store(key)
		w.WriteHeader(int(status.Load()))
		fmt.Fprint(w, "a \x1b[31manswer")
	}))
	defer server.Close()
	config := fmt.Sprintf(`
[server]
listen = ["127.0.0.1:0"]
[[alerts.rules]]
name = "Up"
expr = "up == 1"
hooks = ["web"]
[[alerts.hooks]]
name = "web"
type = "webhook"
url = "%s/T0K3N"
[[alerts.hooks]]
name = "none"
type = "exec"
command = ["/bin/false"]
matchers = 'severity="no such"'
`, server.URL)
	dir := daemonDir(t, config)
	d := startDaemon(t, dir)
	shown := func() hooks.Status { return d.hook("web") }
	eventually(t, "a dead letter", func() bool { return shown().DeadTotal == 1 })
	d.kill()
	d = startDaemon(t, dir)
	table := d.says(exitDone, "hook", "list")
	for _, want := range []string{"NAME  ", "web ", server.URL + "/***", "Given up\n", "Up ", "answered 403 Forbidden: a \uFFFD[31manswer"} {
		if !strings.Contains(table, want) {
			t.Errorf("no %q in\n%s", want, table)
		}
	}
	if n := strings.Count(table, "\n"); n != 7 || strings.Contains(table, "T0K3N") {
		t.Errorf("%d lines:\n%s", n, table)
	}

	status.Store(http.StatusOK)
	if got := d.says(exitDone, "hook", "retry", "web"); got != "1\ndeliveries are tried again now: monitord hook list web shows how it goes\n" {
		t.Errorf("retried %q", got)
	}
	eventually(t, "the delivery", func() bool { s := shown(); return s.Delivered == 1 && s.DeadTotal == 0 })
	if first, last := keys[0].Load(), keys[1].Load(); first != last {
		t.Errorf("the key was %v, is %v", first, last)
	}
	d.says(exitFailed, "hook", "retry", "web", "--seq", "1")
	if got := d.says(exitDone, "hook", "retry", "web"); !strings.HasPrefix(got, "0\nnothing of hook web waits") {
		t.Errorf("retried %q", got)
	}
	if got := d.says(exitUsage, "hook", "retry", "web", "1"); !strings.Contains(got, "one hook and no more") {
		t.Errorf("with a number: %q", got)
	}
	for _, verb := range []string{"retry", "test", "list"} {
		if got := d.says(exitFailed, "hook", verb, "nobody"); !strings.Contains(got, `"nobody"`) || !strings.Contains(got, "monitord hook list") {
			t.Errorf("hook %s nobody says %q", verb, got)
		}
		method, path := "POST", "/api/v1/hooks/nobody/"+verb
		if verb == "list" {
			method, path = "GET", "/api/v1/hooks/nobody"
		}
		resp, err := http.DefaultTransport.RoundTrip(mustRequest(t, method, d.URL()+path))
		if err != nil {
			t.Fatal(err)
		}
		if resp.Body.Close(); resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s %s: status %d", method, path, resp.StatusCode)
		}
	}
	d.says(exitUsage, "hook", "retry")
	d.says(exitUsage, "hook", "list", "-o", "xml")

	for _, from := range [][]string{{"--url", d.URL()}, {"--config", dir + "/monitord.toml"}} {
		var out, errs strings.Builder
		code := execute(t.Context(), append([]string{"hook", "test", "web", "--resolved", "--severity", "info"}, from...), &out, &errs)
		for _, want := range []string{"> POST " + server.URL + "/***\n", `"status": "resolved"`, `"severity": "info"`, "\n< HTTP/1.1 200 OK\n", "< a \uFFFD[31manswer\n", "\ndelivered after "} {
			if code != exitDone || !strings.Contains(out.String(), want) {
				t.Errorf("%s: exit code %d, no %q in\n%s%s", from, code, want, &out, &errs)
			}
		}
	}
	if got := d.says(exitFailed, "hook", "test", "none"); !strings.Contains(got, `> ["/bin/false"]`) || !strings.Contains(got, "exit status 1") {
		t.Errorf("a test that fails:\n%s", got)
	}
	var errs strings.Builder
	if code := execute(t.Context(), []string{"hook", "test", "nobody", "--config", dir + "/monitord.toml"}, &errs, &errs); code != exitFailed || !strings.Contains(errs.String(), "there is no hook") {
		t.Errorf("exit code %d: %s", code, &errs)
	}
}

// hook returns how the daemon says that a hook is.
func (d *testDaemon) hook(name string) hooks.Status {
	d.t.Helper()
	var list []hooks.Status
	if err := json.Unmarshal([]byte(d.says(exitDone, "hook", "list", name, "-o", "json")), &list); err != nil {
		d.t.Fatal(err)
	}
	return list[0]
}
