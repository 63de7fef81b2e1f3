//go:build outside

package main

import (
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// amtool runs Debian's against a daemon. What it prints goes to the test.
func (d *testDaemon) amtool(args ...string) string {
	d.t.Helper()
	return outside(d.t, "", "amtool", append(args, "--alertmanager.url="+d.URL(), "--no-version-check")...)
}

// amtoolRefused runs it where it must fail, and returns what it says.
func (d *testDaemon) amtoolRefused(args ...string) string {
	d.t.Helper()
	ctx, cancel := context.WithTimeout(d.t.Context(), outsideTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "amtool", append(args, "--alertmanager.url="+d.URL(), "--no-version-check")...).CombinedOutput()
	if err == nil {
		d.t.Errorf("amtool %s did not fail: %s", strings.Join(args, " "), out)
	}
	return string(out)
}

// TestOutsideAmtool does with amtool what its users do.
func TestOutsideAmtool(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, silenceConfig+`
[[alerts.silences]]
name = "always"
matchers = ['nothing="matches"']
days = ["mon-sun"]
[[alerts.hooks]]
name = "ops"
type = "exec"
command = ["/bin/true"]
`))
	eventually(t, "both alerts", func() bool { return strings.Count(d.amtool("alert", "query", "-o", "json"), `"fingerprint"`) == 2 })
	var all []struct {
		Labels    map[string]string
		Receivers []struct{ Name string }
		Status    struct{ State string }
	}
	if err := json.Unmarshal([]byte(d.amtool("alert", "query", "Up", "-o", "json")), &all); err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].Labels["severity"] != "warning" || all[0].Status.State != "active" || len(all[0].Receivers) != 1 || all[0].Receivers[0].Name != "ops" {
		t.Errorf("alerts are %+v", all)
	}
	if got := d.amtool("alert", "query", "-o", "json", "--receiver=other"); strings.TrimSpace(got) != "[]" {
		t.Errorf("another receiver's are %s", got)
	}

	id := strings.TrimSpace(d.amtool("silence", "add", "Up", "severity=~w.*", "--author=me", "--comment=work", "--duration=2h"))
	eventually(t, "the alert is silenced", func() bool { return !strings.Contains(d.amtool("alert", "query", "-o", "simple"), "Up") })
	if got := d.amtool("alert", "query", "--silenced", "-o", "simple"); !strings.Contains(got, "Up") || !strings.Contains(got, "suppressed") {
		t.Errorf("silenced alerts are %s", got)
	}
	if got := strings.Fields(d.amtool("silence", "query", "-q", "alertname=Up")); len(got) != 1 || got[0] != id {
		t.Errorf("silences are %q, want %s", got, id)
	}
	if got := d.amtool("silence", "update", "--duration=5h", "--comment=more", id); !strings.Contains(got, id) || !strings.Contains(got, "more") {
		t.Errorf("updated: %s", got)
	}
	exported := d.amtool("silence", "query", "-o", "json")
	d.amtool("silence", "expire", id)
	eventually(t, "the alert is told again", func() bool { return strings.Contains(d.amtool("alert", "query", "-o", "simple"), "Up") })
	if got := d.amtool("silence", "query", "--expired", "-o", "json"); !strings.Contains(got, id) {
		t.Errorf("expired are %s", got)
	}

	// What was exported comes in again: the one that expired under a new id.
	var silences []json.RawMessage
	if err := json.Unmarshal([]byte(exported), &silences); err != nil || len(silences) != 2 {
		t.Fatalf("exported %s: %v", exported, err)
	}
	for _, s := range silences {
		if strings.Contains(string(s), id) {
			outside(t, "["+string(s)+"]", "amtool", "silence", "import", "--force", "--alertmanager.url="+d.URL(), "--no-version-check")
		}
	}
	eventually(t, "the alert is silenced again", func() bool { return !strings.Contains(d.amtool("alert", "query", "-o", "simple"), "Up") })

	configured := strings.TrimSpace(d.amtool("silence", "query", "-q", "nothing=matches"))
	if got := d.amtoolRefused("silence", "expire", configured); !strings.Contains(got, "this silence is in the configuration") {
		t.Errorf("expired by hand: %s", got)
	}
	if got := d.amtoolRefused("alert", "add", "alertname=x"); !strings.Contains(got, "monitord takes no alerts, it makes them itself, from its rules") {
		t.Errorf("an alert was added: %s", got)
	}
	if got := d.amtool("config", "show"); !strings.Contains(got, `- name: "ops"`) {
		t.Errorf("config is %s", got)
	}
	if got := d.amtool("config", "routes"); !strings.Contains(got, "receiver: monitord") {
		t.Errorf("routes are %s", got)
	}
	if got := d.amtool("cluster", "show"); !strings.Contains(got, "disabled") {
		t.Errorf("cluster is %s", got)
	}
}
