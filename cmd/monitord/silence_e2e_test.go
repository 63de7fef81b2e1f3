package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// says runs a command against a daemon and returns what it printed.
func (d *testDaemon) says(code int, args ...string) string {
	d.t.Helper()
	var stdout, stderr bytes.Buffer
	if got := execute(d.t.Context(), append(args, "--url", d.URL()), &stdout, &stderr); got != code {
		d.t.Fatalf("monitord %s: exit code %d, want %d\n%s%s", strings.Join(args, " "), got, code, &stdout, &stderr)
	}
	return stdout.String() + stderr.String()
}

// happened returns what the journal says of an alert, as "kind silences".
func (d *testDaemon) happened(name string) []string {
	d.t.Helper()
	out := d.says(exitDone, "watch", "--alerts={alertname=\""+name+"\"}", "--after", "0", "--once", "-o", "json")
	var all []string
	for line := range strings.Lines(out) {
		var m struct {
			Event string
			Alert struct{ SilencedBy []string }
		}
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			d.t.Fatalf("%s: %v", line, err)
		}
		all = append(all, fmt.Sprint(m.Event, " ", len(m.Alert.SilencedBy)))
	}
	return all
}

func (d *testDaemon) untilHappened(name string, want ...string) {
	d.t.Helper()
	eventually(d.t, fmt.Sprintf("%s: %q", name, want), func() bool { return slices.Equal(d.happened(name), want) })
}

const silenceConfig = `
[server]
listen = ["127.0.0.1:0"]
[[alerts.rules]]
name = "Up"
expr = "up == 1"
severity = "warning"
[[alerts.rules]]
name = "Low"
expr = "up == 1"
severity = "info"
`

// TestSilencesByCommand makes, lists, changes and ends silences as people do, with
// a kill in between.
func TestSilencesByCommand(t *testing.T) {
	dir := daemonDir(t, silenceConfig)
	d := startDaemon(t, dir)
	d.untilHappened("Up", "firing 0")
	id := strings.TrimSpace(d.says(exitDone, "silence", "add", "Up", "severity=~warn.*", "--duration", "2h", "--comment", "a \x1b[31mreason", "--author", "ann"))
	d.untilHappened("Up", "firing 0", "silenced 1")
	d.says(exitDone, "alerts", "Up", "--exit-code")
	if got := d.says(exitFailed, "alerts", "--exit-code"); strings.Index(got, "firing  ") > strings.Index(got, "firing, silenced  ") {
		t.Errorf("alerts are\n%s", got)
	}
	list := regexp.MustCompile(id + `  active  ends in (2h 0m|1h 59m|1h 58m)  alertname="Up" severity=~"warn\.\*"  ann  a ` + "\uFFFD" + `\[31mreason`)
	if got := d.says(exitDone, "silence", "list"); !list.MatchString(got) {
		t.Errorf("list is\n%s, want %s", got, list)
	}
	d.kill()

	d = startDaemon(t, dir) // the same silence, and nothing to say about it
	if got := strings.TrimSpace(d.says(exitDone, "silence", "list", "-q")); got != id {
		t.Errorf("after the kill there are %q, want %s", got, id)
	}
	if got := strings.TrimSpace(d.says(exitDone, "silence", "update", id, "--duration", "3h")); got != id {
		t.Errorf("the silence was replaced by %s", got)
	}
	second := strings.TrimSpace(d.says(exitDone, "silence", "add", `alertname=~"Up|Low"`, "-c", "x"))
	d.untilHappened("Low", "firing 0", "silenced 1")
	d.untilHappened("Up", "firing 0", "silenced 1", "silenced 2")
	d.says(exitDone, "silence", "expire", id, second)
	eventually(t, "it is not silenced any more", func() bool {
		got := d.happened("Up")
		// They end one after the other, and a tick may come in between.
		got = slices.DeleteFunc(got[3:], func(what string) bool { return what == "silenced 1" })
		return slices.Equal(got, []string{"unsilenced 0"})
	})
	if got := d.says(exitDone, "silence", "list"); got != "" {
		t.Errorf("list is %s", got)
	}
	if got := d.says(exitDone, "silence", "list", "--expired", "-o", "json", "Up"); strings.Count(got, `"state":"expired"`) != 1 {
		t.Errorf("list is %s", got)
	}
	for _, refused := range []struct {
		code int
		want string
		args []string
	}{
		{exitUsage, "--comment is missing", []string{"add", "Up"}},
		{exitUsage, "at least one matcher", []string{"add", "-c", "x"}},
		{exitUsage, "is no matcher", []string{"add", "Up", "b", "-c", "x"}},
		{exitUsage, "--duration:", []string{"add", "Up", "-c", "x", "-d", "1"}},
		{exitUsage, "--start is", []string{"add", "Up", "-c", "x", "--start", "noon"}},
		{exitUsage, "say the same thing", []string{"add", "Up", "-c", "x", "--end", "2030-01-01 12:00", "-d", "1h"}},
		{exitFailed, "start time must be before end time", []string{"add", "Up", "-c", "x", "--end", "2020-01-01 12:00"}},
		{exitFailed, "must not match the empty string", []string{"add", "a=", "-c", "x"}},
		{exitUsage, "nothing to change", []string{"update", id}},
		{exitFailed, "silence 11111111-1111-4111-8111-111111111111: no silence has this id", []string{"expire", "11111111-1111-4111-8111-111111111111"}},
		{exitFailed, "404", []string{"update", "11111111-1111-4111-8111-111111111111", "-c", "y"}},
		{exitUsage, "must be table or json", []string{"list", "-o", "xml"}},
	} {
		if got := d.says(refused.code, append([]string{"silence"}, refused.args...)...); !strings.Contains(got, refused.want) {
			t.Errorf("silence %q says %q, want %q", refused.args, got, refused.want)
		}
	}
	d.kill()
	if got := d.says(exitNoConnect, "silence", "list"); !strings.Contains(got, "connect to "+d.URL()) {
		t.Errorf("without a daemon: %s", got)
	}
}

// TestQuietHoursAreReloaded puts silences into the configuration and takes them out.
func TestQuietHoursAreReloaded(t *testing.T) {
	dir := daemonDir(t, silenceConfig)
	d := startDaemon(t, dir)
	d.untilHappened("Low", "firing 0")
	writeConfig(t, dir, silenceConfig+"[[alerts.silences]]\nname = \"always\"\nmatchers = ['severity=\"info\"']\ndays = [\"mon-sun\"]\n")
	d.signal(syscall.SIGHUP)
	d.untilHappened("Low", "firing 0", "silenced 1")
	id := strings.TrimSpace(d.says(exitDone, "silence", "list", "-q"))
	if got := d.says(exitFailed, "silence", "expire", id); !strings.Contains(got, `"always": this silence is in the configuration`) {
		t.Errorf("expired by hand: %s", got)
	}
	writeConfig(t, dir, silenceConfig+"[[alerts.silences]]\nname = \"always\"\nmatchers = ['severity=\"info\"']\ndays = [\"mo\"]\n")
	d.signal(syscall.SIGHUP)
	select {
	case <-d.printed("alerts.silences[0].days[0]: is"):
	case <-time.After(patience):
		t.Fatal("the fault is not told")
	}
	writeConfig(t, dir, silenceConfig)
	d.signal(syscall.SIGHUP)
	d.untilHappened("Low", "firing 0", "silenced 1", "unsilenced 0")
	// The tick that said so may have read them before.
	eventually(t, "the metrics say so", func() bool {
		got := d.query("monitord_silences", "state")
		return got["active"] == "0" && got["expired"] == "0"
	})
}

// Another site's page can neither make nor end a silence.
func TestSilencesAreRefusedToOtherSites(t *testing.T) {
	d := startDaemon(t, daemonDir(t, silenceConfig))
	const body = `{"matchers":[{"name":"a","value":"b","isRegex":false}],"startsAt":"2020-01-01T00:00:00Z","endsAt":"2199-01-01T00:00:00Z","createdBy":"x","comment":"x"}`
	for _, c := range []struct {
		method, path, header, value string
		want                        int
	}{
		{"POST", "/api/v2/silences", "Origin", "http://evil.example", 403},
		{"POST", "/api/v2/silences", "Sec-Fetch-Site", "cross-site", 403},
		{"DELETE", "/api/v2/silence/11111111-1111-4111-8111-111111111111", "Sec-Fetch-Site", "same-site", 403},
		{"POST", "/api/v2/silences", "Sec-Fetch-Site", "same-origin", 200},
	} {
		req, err := http.NewRequestWithContext(t.Context(), c.method, d.URL()+c.path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(c.header, c.value)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != c.want {
			t.Errorf("%s %s with %s %s: status %d, want %d", c.method, c.path, c.header, c.value, resp.StatusCode, c.want)
		}
	}
}
