package main

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// reloadNow asks for a reload and returns what is answered.
func (d *testDaemon) reloadNow() (int, string) {
	d.t.Helper()
	client := http.Client{Timeout: patience, Transport: d.transport}
	resp, err := client.Post(d.URL()+"/-/reload", "", nil)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// rules returns the rules as /api/v1/rules has them, by name.
func (d *testDaemon) rules(query string) map[string]map[string]any {
	d.t.Helper()
	code, body := d.get("/api/v1/rules" + query)
	var answer struct {
		Data struct {
			Groups []struct{ Rules []map[string]any }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || code != http.StatusOK {
		d.t.Fatalf("%d %v: %s", code, err, body)
	}
	all := make(map[string]map[string]any)
	for _, g := range answer.Data.Groups {
		for _, r := range g.Rules {
			all[r["name"].(string)] = r
		}
	}
	return all
}

func TestRuleFilesOfTheDaemon(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "[alerts]\nrule_files = [\"rules.d/*\"]\n")
	file := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, "rules.d"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "rules.d", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file("own.toml", "[[rules]]\nname = \"Holds\"\nexpr = 'node_time_seconds > 0'\n[[rules]]\nname = \"Fails\"\nexpr = 'node_cpu_seconds_total * on (instance) node_network_up'\n")
	file("theirs.yml", "groups:\n- name: g\n  rules:\n  - {alert: Reads, expr: recorded > 0, for: 1h}\n  - {record: recorded, expr: count(up)}\n")
	d := startDaemon(t, dir)

	eventually(t, "the rules are evaluated", func() bool {
		r := d.rules("")
		return r["Holds"]["state"] == "firing" && r["Reads"]["state"] == "pending" && r["recorded"]["health"] == "ok" && r["Fails"]["health"] == "err"
	})
	if e, _ := d.rules("?rule_name[]=Fails")["Fails"]["lastError"].(string); !strings.Contains(e, "many-to-many matching not allowed") {
		t.Errorf("lastError is %q", e)
	}
	eventually(t, "the rule that fails is an alert", func() bool {
		return d.query(`ALERTS{alertname="MonitordRuleFailing"}`, "rule")["Fails"] == "1"
	})
	eventually(t, "the metrics say which fails", func() bool {
		failed := d.query(`monitord_rule_evaluation_failures_total{rule_group="own.toml"} > 0`, "rule")
		return len(failed) == 1 && failed["Fails"] != ""
	})
	eventually(t, "the metrics say how long others took", func() bool {
		return len(d.query(`monitord_rule_last_evaluation_duration_seconds{rule_group="g"} > 0`, "rule")) == 2
	})

	file("own.toml", "[[rules]]\nname = \"New\"\nexpr = 'node_time_seconds > 0'\n[[rules]]\nname = \"Broken\"\nexpr = 'node_time_seconds >'\n")
	if code, body := d.reloadNow(); code != http.StatusInternalServerError || !strings.Contains(body, "own.toml:6: rules[1].expr: is not PromQL") {
		t.Errorf("the faulty file: %d %s", code, body)
	}
	file("own.toml", "[[rules]]\nname = \"New\"\nexpr = 'node_time_seconds > 0'\n")
	if code, body := d.reloadNow(); code != http.StatusOK {
		t.Errorf("the corrected file: %d %s", code, body)
	}
	eventually(t, "the new rule fires, the old ones are gone", func() bool {
		r := d.rules("")
		return r["New"]["state"] == "firing" && r["Holds"] == nil && r["Fails"] == nil && r["Reads"]["state"] == "pending"
	})
	d.untilHappened("Holds", "firing 0", "resolved 0")
	if code, body := d.get("/api/v1/alerts"); code != http.StatusOK || !strings.Contains(body, `"alertname":"New"`) || strings.Contains(body, `"alertname":"Holds"`) {
		t.Errorf("/api/v1/alerts: %d %s", code, body)
	}
}
