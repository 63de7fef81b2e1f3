package main

import (
	"net/http"
	"strings"
	"testing"
)

// A file may be right as a whole and not fit what waits for a restart: then
// nothing of it is in force, the hooks included.
func TestReloadThatDoesNotFitChangesNothing(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "[collectors]\ninterval = \"2s\"\n")
	d := startDaemon(t, dir)
	writeConfig(t, dir, `
[collectors]
interval = "1s"
[[alerts.rules]]
name = "Often"
expr = "up == 0"
every = "1s"
[[alerts.hooks]]
name = "late"
type = "exec"
command = ["/bin/true"]
`)
	ask := func(method, path string) (int, string) {
		resp, err := http.DefaultTransport.RoundTrip(mustRequest(t, method, d.URL()+path))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode, readAll(t, resp.Body)
	}
	if status, text := ask("POST", "/-/reload"); status != http.StatusInternalServerError || !strings.Contains(text, "rules[0].every") {
		t.Errorf("status %d: %s", status, text)
	}
	if _, text := ask("GET", "/api/v1/hooks"); strings.Contains(text, "late") {
		t.Errorf("the old configuration is said to be in force, and the hooks are the new ones: %s", text)
	}
}
