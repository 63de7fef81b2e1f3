package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const diskRules = `[[rules]]
name = "DiskFull"
expr = "avail / size < 0.1"
for = "5m"
severity = "page"
annotations = { summary = "{{ $labels.mount }} has {{ $value }} left" }
`

const halfMinutes = "evaluation_interval = \"30s\"\n"

const diskTests = `
[[tests]]
name = "disk"
interval = "1m"
input_series = [
  { series = 'avail{mount="/"}', values = "50 9x10" },
  { series = 'size{mount="/"}', values = "100x20" },
]
[[tests.alert_rule_test]]
alertname = "DiskFull"
eval_time = "5m59s"
[[tests.alert_rule_test]]
alertname = "DiskFull"
eval_time = "6m"
exp_alerts = [{ exp_labels = { mount = "/", severity = "page" }, exp_annotations = { summary = "/ has 0.09 left" } }]
[[tests.promql_expr_test]]
expr = "sum(avail)"
eval_time = "0s"
exp_samples = [{ labels = "{}", value = 50 }]
`

// keepingRules has what only TOML has: an alert goes on firing until a value is below
// 1, and for a minute after that; one is held firing once it has changed too often.
const keepingRules = `
[[rules]]
name = "Kept"
expr = "v > 5"
keep_firing_for = "1m"
clear = "v < 1"
[[rules]]
name = "Flapping"
expr = "f > 5"
flap = { changes = 4, window = "3m" }
`

const keepingTests = `
[[tests]]
interval = "30s"
input_series = [{ series = "v", values = "9 3x6 0x9" }, { series = "f", values = "9 0 9 0 9 0 9 0 0x30" }]
alert_rule_test = [
  { alertname = "Kept", eval_time = "0s", exp_alerts = [{}] },
  { alertname = "Kept", eval_time = "4m30s", exp_alerts = [{}] },
  { alertname = "Kept", eval_time = "5m" },
  { alertname = "Flapping", eval_time = "0s", exp_alerts = [{}] },
  { alertname = "Flapping", eval_time = "30s" },
  { alertname = "Flapping", eval_time = "3m30s", exp_alerts = [{}] },
  { alertname = "Flapping", eval_time = "10m" },
]
`

// writeFiles writes files into a new directory and goes there.
func writeFiles(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
}

func runCommand(t *testing.T, want int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := execute(t.Context(), args, &out, &errs); code != want {
		t.Errorf("%v: exit code %d, want %d\n%s%s", args, code, want, &out, &errs)
	}
	return out.String(), errs.String()
}

func TestRulesTestRunsTOML(t *testing.T) {
	writeFiles(t, map[string]string{
		"d/all.toml":     halfMinutes + diskRules + diskTests,
		"d/rules.toml":   diskRules,
		"d/readme.toml":  strings.Replace(diskTestTOML, "rules.d/disk.toml", "rules.toml", 1),
		"d/tests.toml":   halfMinutes + `rule_files = ["rule*.toml"]` + diskTests,
		"d/keeping.toml": halfMinutes + keepingRules + keepingTests,
		"d/orphan.toml":  `rule_files = ["none*.toml"]` + diskTests,
	})
	out, _ := runCommand(t, 0, "rules", "test", "d/all.toml", "d/tests.toml", "d/readme.toml", "d/keeping.toml")
	if want := "d/all.toml: SUCCESS (1 test)\nd/tests.toml: SUCCESS (1 test)\nd/readme.toml: SUCCESS (1 test)\nd/keeping.toml: SUCCESS (1 test)\n"; out != want {
		t.Errorf("printed %q, want %q", out, want)
	}
	_, errs := runCommand(t, 1, "rules", "test", "d/orphan.toml")
	if !strings.Contains(errs, `d/orphan.toml: no file matches "none*.toml"`) {
		t.Errorf("said %q", errs)
	}
}

func TestRulesTestRunsPromtoolsYAML(t *testing.T) {
	writeFiles(t, map[string]string{
		"rules.yml": `groups:
- name: record
  rules: [{record: "job:up:sum", expr: sum by (job) (up)}]
- name: alert
  interval: 7m
  rules:
  - alert: Down
    expr: job:up:sum < 2
    for: 2m
    annotations: {summary: "{{ $labels.job }}: {{ $value }} at {{ $externalLabels.dc }}"}
`,
		"test.yml": `rule_files: [rules.yml]
group_eval_order: [record, alert]
tests:
- input_series: &in
  - {series: 'up{job="a",instance="1"}', values: 1 0x9}
  - {series: 'up{job="a",instance="2"}', values: 1x10}
  - series: up{job="b"}
    values: 2
  external_labels: {dc: 1}
  alert_rule_test:
  - eval_time: 0
    alertname: Down
  - eval_time: 3m
    alertname: Down
    exp_alerts:
    - exp_labels: {job: a}
      exp_annotations: {summary: "a: 1 at 1"}
  promql_expr_test:
  - {expr: 'job:up:sum', eval_time: 1m, exp_samples: [{labels: 'job:up:sum{job="a"}', value: 1}, {labels: 'job:up:sum{job="b"}', value: 2e0}]}
- name: same series
  input_series: *in
  start_timestamp: 2026-01-01T00:00:00Z
  promql_expr_test: [{expr: 'timestamp(up{instance="1"})', exp_samples: [{labels: '{job="a",instance="1"}', value: 1767225600}]}]
`,
	})
	if out, _ := runCommand(t, 0, "rules", "test", "test.yml"); out != "test.yml: SUCCESS (2 tests)\n" {
		t.Errorf("printed %q", out)
	}
}

func TestRulesTestShowsWhatDiffers(t *testing.T) {
	tests := strings.Replace(diskTests, `"/ has 0.09 left"`, `"\u001b[31m"`, 1) + "\n[[tests]]\nname = \"nothing\"\n"
	writeFiles(t, map[string]string{"all.toml": halfMinutes + diskRules + tests})
	out, _ := runCommand(t, 1, "rules", "test", "all.toml")
	const want = `all.toml: FAILED (1 of 2 tests)
  all.toml:19: test "disk": alert DiskFull at 6m
    fires, but differs: {alertname="DiskFull", mount="/", severity="page"}
        annotations.summary
            expected "\x1b[31m"
            got      "/ has 0.09 left"
`
	if out != want {
		t.Errorf("printed\n%s, want\n%s", out, want)
	}
	if out, _ = runCommand(t, 0, "rules", "test", "--run", "^noth", "all.toml"); out != "all.toml: SUCCESS (1 test)\n" {
		t.Errorf("printed %q", out)
	}
	if _, errs := runCommand(t, 0, "rules", "test", "--run", "^none", "all.toml"); !strings.Contains(errs, "no test was run") {
		t.Errorf("said %q", errs)
	}
	var r testReport
	out, _ = runCommand(t, 1, "rules", "test", "-o", "json", "all.toml")
	if err := json.Unmarshal([]byte(out), &r); err != nil || r.OK || r.Tests != 2 || len(r.Failures) != 1 || r.Failures[0].Line != 19 {
		t.Errorf("%v: %+v", err, r)
	}
	out, _ = runCommand(t, 1, "rules", "test", "-o", "junit", "all.toml", "none.yml")
	for _, want := range []string{
		`<testsuite name="all.toml" tests="2" failures="1" errors="0" skipped="0">`, `<testcase classname="all.toml" name="disk">`,
		`<failure message="alert DiskFull at 6m">all.toml:19:`, `<testcase classname="all.toml" name="nothing"></testcase>`, `<error message="cannot be used">none.yml: cannot be read`,
	} {
		if !strings.Contains(out, want) {
			t.Errorf("printed\n%s, want %s", out, want)
		}
	}
	runCommand(t, 2, "rules", "test")
	runCommand(t, 2, "rules", "test", "--run", "(", "all.toml")
	runCommand(t, 2, "rules", "test", "-o", "xml", "all.toml")
}

func TestRulesTestFindsFaults(t *testing.T) {
	writeFiles(t, map[string]string{
		"a.toml": "[[rules]]\nname = \"A\"\nexpr = \"up ==\"\n[[tests]]\n",
		"b.toml": `evaluation_interval = "-1m"
[[tests]]
intervall = "1m"
input_series = [{ series = "up{", values = "1" }, { series = "up", values = "0+1x1000000000" }]
[[tests.alert_rule_test]]
eval_time = "1m"
[[tests.promql_expr_test]]
expr = "up +"
exp_samples = [{ labels = "}" }]
`,
		"c.yml": "tests:\n- interval: 1m\n  interval: 2m\n",
		"d.yml": "tests:\n- name: x\n   interval: 2m\n",
		"e.yml": "rules: [{name: A, expr: up}]\ntests: 5\n",
		"g.yml": "groups: [{name: g, rules: [{alert: A, expr: up}]}]\n",
		"f.yml": "a: &a [1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f]\nh: [*g,*g,*g,*g,*g,*g,*g,*g,*g]\n",
	})
	for file, want := range map[string][]string{
		"a.toml": {"a.toml:3: rules[0].expr: is not PromQL"},
		"b.toml": {
			"b.toml:1: evaluation_interval: is -1m", "b.toml:3: tests[0].intervall: unknown key, did you mean interval?",
			"b.toml:4: tests[0].input_series[0].series: ", "b.toml:4: tests[0].input_series[1].values: stands for 1000000014 samples or more",
			"b.toml:5: tests[0].alert_rule_test[0].alertname: is missing", "b.toml:8: tests[0].promql_expr_test[0].expr: is not PromQL",
			"b.toml:9: tests[0].promql_expr_test[0].exp_samples[0].labels: ",
		},
		"c.yml":    {`c.yml:3: syntax: key "interval" is there already`},
		"d.yml":    {"d.yml:3: syntax: "},
		"e.yml":    {"e.yml:1: rules: may stand in a test file in TOML only", "e.yml:2: tests: is "},
		"g.yml":    {"g.yml:1: groups: unknown key", "g.yml:1: groups: are rules, and this command runs tests of rules"},
		"f.yml":    {"f.yml:1: syntax: has more than"},
		"none.yml": {"none.yml: cannot be read (no such file or directory)"},
	} {
		out, _ := runCommand(t, 1, "rules", "test", file)
		lines := strings.Split(strings.TrimSpace(out), "\n")
		if lines[0] != file+": FAILED, it cannot be used" || len(lines) != 1+len(want) {
			t.Errorf("%s: printed\n%s", file, out)
			continue
		}
		for i, w := range want {
			if !strings.HasPrefix(lines[i+1], "  "+w) {
				t.Errorf("%s: printed %q, want %q", file, lines[i+1], w)
			}
		}
	}
}
