package promrules

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"monitord/alerts"
)

func TestFilesLoadUnchanged(t *testing.T) {
	files, err := filepath.Glob("testdata/*.y*ml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		groups, faults := Parse(file, text)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		rules, faults := alerts.Compile(groups, time.Second)
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		n := 0
		for _, g := range groups {
			n += len(g.Rules)
		}
		rules = slices.DeleteFunc(rules, func(r *alerts.Rule) bool { return r.BuiltIn })
		if n < 5 || len(rules) != n {
			t.Errorf("%s: %d rules compiled of %d", file, len(rules), n)
		}
	}
}

func TestGroups(t *testing.T) {
	text, err := os.ReadFile("testdata/node-mixin.yaml")
	if err != nil {
		t.Fatal(err)
	}
	groups, _ := Parse("mixin.yaml", text)
	rules, faults := alerts.Compile(groups, 2*time.Second)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	byName := map[string]*alerts.Rule{}
	for _, r := range rules {
		byName[r.Name] = r
	}
	errs, skew := byName["NodeNetworkReceiveErrs"], byName["NodeClockSkewDetected"]
	if errs.Every != 15*time.Second || skew.Every != errs.Every {
		t.Errorf("every %v and %v, want one interval of 15s", errs.Every, skew.Every)
	}
	for at := int64(1e12); at < 1e12+30e3; at += 1000 {
		if errs.Due(at, at-1000) != skew.Due(at, at-1000) {
			t.Error("the rules of a group are not due at the same ticks")
		}
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

func TestFaults(t *testing.T) {
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
	_, faults := Parse("r.yml", []byte(text))
	want := []string{
		"r.yml:5: groups[0].rules[0].expr: is not PromQL: 1:5: parse error",
		"r.yml:6: groups[0].rules[0].fro: unknown key, Prometheus' rule files have alert, annotations, expr, for, keep_firing_for, labels, record here",
		"r.yml:8: groups[0].rules[1].alert: stands beside record, keep one of them",
		`r.yml:14: groups[0].rules[2].labels: "" is no name for a label, write another`,
		"r.yml:16: groups[0].rules[2].annotations.summary: template: ",
		"r.yml:17: groups[0].rules[3].expr: is empty, write a PromQL expression",
		`r.yml:19: groups[1].name: "g" is the name of groups[0] already, name it otherwise`,
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

func TestFileFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"groups:":                  "",
		`{"groups": []}`:           "",
		"groups: [null]":           "",
		"groups: 3":                `r.yml:1: groups: is "3", write a list of groups`,
		"- a":                      "r.yml:1: is a list, write a mapping with groups",
		"groups:\n\t- x":           "r.yml:2: syntax: ",
		"groups:\n- {}":            "r.yml:2: groups[0].name: is empty, name the group",
		"group:\n- name: a":        "r.yml:1: group: unknown key, Prometheus' rule files have groups here",
		"# a\n# b\n\x01\n":         "r.yml:3: syntax: control characters are not allowed, write text in UTF-8",
		"groups:\n- name: a\xff\n": "r.yml:2: syntax: invalid leading UTF-8 octet, write text in UTF-8",
		"\x7fELF\x02":              "r.yml:1: syntax: ",
		"a: [":                     "r.yml:1: syntax: ",
		"a: 1\nb: *c\n":            "r.yml:2: syntax: unknown anchor 'c'",
	} {
		_, faults := Parse("r.yml", []byte(text))
		switch {
		case want == "" && len(faults) > 0, want != "" && (len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), want)):
			t.Errorf("%q: faults %q, want %q", text, faults, want)
		}
	}
}

// TestFilesAreBounded: what Prometheus takes and an event could not
// hold is a fault here, at its line.
func TestFilesAreBounded(t *testing.T) {
	text := "groups:\n- name: g\n  limit: -1\n  rules:\n  - alert: E\n    expr: up\n    labels:\n      alertname: x\n      a: \"" + strings.Repeat("x", 20000) + "\"\n"
	groups, faults := Parse("r.yml", []byte(text))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	_, faults = alerts.Compile(groups, time.Second)
	if want := "r.yml:9: groups[0].rules[0].labels.a: is 20000 bytes long"; len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), want) {
		t.Errorf("faults %q, want %q", faults, want)
	}
}

// TestDurationsHideNothing: every value of a wrong form is found at once,
// with its line and key, beside the faults of other kinds.
func TestDurationsHideNothing(t *testing.T) {
	const text = `groups:
- name: g
  interval: 5 m
  query_offset: [1]
  limit: many
  labels: none
  rules:
  - &base
    alert: A
    expr: up
    for: 5x
    keep_firing_for: -5m
  - alert: B
    expr: sum(
    for: ""
    for: 5m
    labels: {a: [1], a: x}
  - <<: *base
    alert: C
    expr: [up]
  - record: r
    expr: up
    for: 5m
    annotations: {a: b}
  - text
  - record: "{x}"
    expr: up
  -
  - alert: [D]
    expr: {}
- name: h
  rules: {}
`
	_, faults := Parse("r.yml", []byte(text))
	want := []string{
		`3: groups[0].interval: is "5 m", write a duration such as 5m`,
		`4: groups[0].query_offset: is a list, write a duration such as 5m`,
		`5: groups[0].limit: is "many", write a whole number`,
		`6: groups[0].labels: is "none", write a mapping of names to texts`,
		`11: groups[0].rules[0].for: is "5x", write a duration such as 5m`,
		`12: groups[0].rules[0].keep_firing_for: is "-5m", write a duration such as 5m`,
		`14: groups[0].rules[1].expr: is not PromQL: 1:5: parse error: unclosed left parenthesis, correct it`,
		`15: groups[0].rules[1].for: is "", write a duration such as 5m`,
		`16: groups[0].rules[1].for: is there already at line 15, keep one of them`,
		`17: groups[0].rules[1].labels.a: is a list, write a text`,
		`17: groups[0].rules[1].labels.a: is there already at line 17, keep one of them`,
		`20: groups[0].rules[2].expr: is a list, write a text`,
		`23: groups[0].rules[3].for: is for alerts, take it out of a recording rule`,
		`24: groups[0].rules[3].annotations: is for alerts, take it out of a recording rule`,
		`25: groups[0].rules[4]: is "text", write a rule: a mapping with alert or record, and expr`,
		`26: groups[0].rules[5].record: is no name of a metric, write letters, digits, _ and :, the rest belongs in expr`,
		`29: groups[0].rules[7].alert: is a list, write a text`,
		`30: groups[0].rules[7].expr: is a mapping, write a text`,
		`32: groups[1].rules: is a mapping, write a list of rules`,
	}
	for i, f := range faults {
		if i >= len(want) || f.Error() != "r.yml:"+want[i] {
			t.Errorf("fault %d is %q", i, f.Error())
		}
	}
	if len(faults) != len(want) {
		t.Errorf("%d faults, want %d", len(faults), len(want))
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"groups:\n- name: a\n  rules:\n  - alert: A\n    expr: up\n    for: 5m\n", "groups: [{name: a, rules: [{record: r, expr: 'up'}]}]", "groups: &a [*a]", "groups: [{name: a, interval: x, rules: [&r {for: 1, for: -1}, {<<: [*r], ? [a] : b}, *r]}]", "\xff", "groups: [&r {<<: *r, a: b}]", "%YAML 1.2\n---\n? {a: b}\n: c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		groups, faults := Parse("r.yml", []byte(text))
		for _, f := range faults {
			if f.Line < 1 || f.Msg == "" || f.Key == "" && !strings.HasPrefix(f.Msg, "syntax: ") && !strings.HasPrefix(f.Msg, "is ") && !strings.HasPrefix(f.Msg, "has a key") {
				t.Errorf("%q: a fault without a line, key or text: %+v", text, f)
			}
		}
		if len(faults) == 0 {
			alerts.Compile(groups, time.Second)
		}
	})
}
