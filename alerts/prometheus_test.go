package alerts

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPrometheusFilesLoadUnchanged(t *testing.T) {
	files, err := filepath.Glob("testdata/prometheus/*")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		groups, faults := ParsePrometheus(file, text)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		rules, faults := Compile(groups, time.Second)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		n := 0
		for _, g := range groups {
			n += len(g.Rules)
		}
		if n < 5 || len(rules) != n+len(builtInConfigs()) {
			t.Errorf("%s: %d rules compiled of %d", file, len(rules), n)
		}
	}
}

func TestPrometheusGroups(t *testing.T) {
	text, err := os.ReadFile("testdata/prometheus/node-mixin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	groups, _ := ParsePrometheus("mixin.yaml", text)
	rules, faults := Compile(groups, 2*time.Second)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	byName := map[string]*Rule{}
	for _, r := range rules {
		byName[r.Name] = r
	}
	errs, skew := byName["NodeNetworkReceiveErrs"], byName["NodeClockSkewDetected"]
	if errs.Every != 15*time.Second || errs.phase != skew.phase || errs.phase >= errs.Every || skew.Every != errs.Every {
		t.Errorf("every %v and %v, phases %v and %v: want one interval of 15s", errs.Every, skew.Every, errs.phase, skew.phase)
	}
	if errs.For != time.Hour || errs.Labels["team"] != "infra" || errs.Labels["severity"] != "warning" {
		t.Errorf("rule is %+v", errs)
	}
	if g := errs.Group; g.Name != "node-exporter" || g.File != "mixin.yaml" || g.Limit != 100 || g.Interval != 15*time.Second {
		t.Errorf("group is %+v", g)
	}
	load := byName["instance:node_load1_per_cpu:ratio"]
	if load.Group.QueryOffset != 2*time.Second || load.Labels["team"] != "capacity" || !load.Recording {
		t.Errorf("rule is %+v, group %+v", load, load.Group)
	}
	if cpu := byName["instance:node_cpu_utilisation:rate5m"]; cpu.Every != 6*time.Second {
		t.Errorf("without an interval every is %v, want a sixtieth of 5m in ticks", cpu.Every)
	}
}

func TestPrometheusFaults(t *testing.T) {
	const text = `groups:
- name: g
  rules:
  - alert: A
    expr: sum(
    fro: 5m
  - record: r
    alert: B
    expr: up
  - alert: C
    expr: up
    labels:
      ok: fine
      "": empty
    annotations:
      summary: '{{ $labels.x '
  - alert: D
    for: 5m
- name: g
- name: h
  limit: -1
  rules:
  - alert: E
    expr: up
    annotations: {a: x}
`
	_, faults := ParsePrometheus("r.yml", []byte(text))
	want := []string{
		"r.yml:5: groups[0].rules[0]: A: could not parse expression: 1:5: parse error",
		"r.yml:6: fro: unknown key",
		"r.yml:7: groups[0].rules[1]: B: only one of 'record' and 'alert' must be set",
		"r.yml:10: groups[0].rules[2]: C: invalid label name: ",
		`r.yml:10: groups[0].rules[2]: C: annotation "summary": template: `,
		"r.yml:17: groups[0].rules[3]: D: field 'expr' must be set in rule",
		`r.yml:19: groups[1]: groupname: "g" is repeated`,
	}
	for i, f := range faults {
		if i >= len(want) || !strings.HasPrefix(f.Error(), want[i]) {
			t.Errorf("fault %d is %q", i, f.Error())
		}
	}
	if len(faults) != len(want) {
		t.Errorf("%d faults, want %d", len(faults), len(want))
	}
}

func TestPrometheusFileFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "",
		"groups:":           "",
		`{"groups": []}`:    "",
		"groups: [null]":    "",
		"groups: 3":         "r.yml:1: cannot unmarshal !!int `3`, write",
		"- a":               "r.yml:1: cannot unmarshal !!seq, write",
		"groups:\n\t- x":    "r.yml:2: syntax: ",
		"groups:\n- {}":     "r.yml:2: groups[0]: Groupname must not be empty",
		"group:\n- name: a": "r.yml:1: group: unknown key",
	} {
		_, faults := ParsePrometheus("r.yml", []byte(text))
		switch {
		case want == "" && len(faults) > 0, want != "" && (len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), want)):
			t.Errorf("%q: faults %q, want %q", text, faults, want)
		}
	}
}

// TestPrometheusFilesAreBounded: what Prometheus takes and an event could not
// hold is a fault here, at its line.
func TestPrometheusFilesAreBounded(t *testing.T) {
	text := "groups:\n- name: g\n  limit: -1\n  rules:\n  - alert: E\n    expr: up\n    labels:\n      alertname: x\n      a: \"" + strings.Repeat("x", 20000) + "\"\n"
	groups, faults := ParsePrometheus("r.yml", []byte(text))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	_, faults = Compile(groups, time.Second)
	if want := "r.yml:9: groups[0].rules[0].labels.a: is 20000 bytes long"; len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), want) {
		t.Errorf("faults %q, want %q", faults, want)
	}
}

func FuzzParsePrometheus(f *testing.F) {
	for _, seed := range []string{"groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    for: 5m\n", "groups: [{name: a, rules: [{record: r, expr: 'up'}]}]", "groups: &a [*a]", "%YAML 1.2\n---\n? {a: b}\n: c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		groups, faults := ParsePrometheus("r.yml", []byte(text))
		if len(faults) == 0 {
			Compile(groups, time.Second)
		}
	})
}
