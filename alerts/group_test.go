package alerts

import (
	"slices"
	"strings"
	"testing"
	"time"

	"monitord/metric"
)

func compiled(t *testing.T, groups ...GroupConfig) []*Rule {
	t.Helper()
	rules, faults := Compile(groups, time.Second)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return slices.DeleteFunc(rules, func(r *Rule) bool { return r.BuiltIn })
}

func TestOrderOfEvaluation(t *testing.T) {
	alert := func(name, expr string) RuleConfig { return RuleConfig{Name: name, Expr: expr} }
	record := func(name, expr string) RuleConfig { return RuleConfig{Record: name, Expr: expr} }
	for name, tc := range map[string]struct {
		groups []GroupConfig
		want   string
	}{
		"recording rules first in TOML":   {[]GroupConfig{{Rules: []RuleConfig{alert("A", "x"), record("r", "y")}}}, "r A"},
		"as written in Prometheus' files": {[]GroupConfig{{Prometheus: true, Rules: []RuleConfig{alert("A", "x"), record("r", "y")}}}, "A r"},
		"groups as they come":             {[]GroupConfig{{Rules: []RuleConfig{alert("A", "x")}}, {Rules: []RuleConfig{record("r", "y")}}}, "A r"},
		"what is recorded before its use": {[]GroupConfig{{Rules: []RuleConfig{alert("A", "r > 1")}}, {Rules: []RuleConfig{record("r", "y")}}}, "r A"},
		"over several groups":             {[]GroupConfig{{Rules: []RuleConfig{alert("A", "r > 1")}}, {Rules: []RuleConfig{record("r", "q")}}, {Rules: []RuleConfig{record("q", "x")}}}, "q r A"},
		"groups that read of each other":  {[]GroupConfig{{Rules: []RuleConfig{record("r", "q"), alert("A", "q")}}, {Rules: []RuleConfig{record("q", "r")}}}, "q r A"},
		"a group that reads of itself":    {[]GroupConfig{{Rules: []RuleConfig{record("r", "r + 1")}}}, "r"},
		"a group with nothing":            {[]GroupConfig{{}, {Rules: []RuleConfig{alert("A", "x")}}}, "A"},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, r := range compiled(t, tc.groups...) {
				got = append(got, r.Name)
			}
			if strings.Join(got, " ") != tc.want {
				t.Errorf("order %q, want %q", got, tc.want)
			}
		})
	}
}

// TestAlertsSeeWhatOtherGroupsRecord at the same tick, wherever it is written.
func TestAlertsSeeWhatOtherGroupsRecord(t *testing.T) {
	r := newRig(t, EngineOptions{})
	recorded := int64(0)
	if faults := r.Load([]GroupConfig{
		{Name: "a", Rules: []RuleConfig{{Name: "High", Expr: "job:x:sum > 1"}}},
		{Name: "b", Rules: []RuleConfig{{Record: "job:x:sum", Expr: "sum(x)"}}},
	}); len(faults) > 0 {
		t.Fatal(faults)
	}
	r.answers["sum(x)"] = always(2)
	r.answers["job:x:sum > 1"] = func(at int64) ([]metric.Value, error) {
		if n := len(r.batches); n > 0 && r.batches[n-1].T == at && r.batches[n-1].Points[0].Series.Labels.Get("__name__") == "job:x:sum" {
			recorded++
		}
		return nil, nil
	}
	r.expect(100, 104, nil)
	if recorded != 5 {
		t.Errorf("the alert saw the recorded value of its own tick %d times of 5", recorded)
	}
}

func TestIdentityOfRulesThatSayTheSame(t *testing.T) {
	same := RuleConfig{Name: "A", Expr: "up == 0", Severity: "x"}
	groups := []GroupConfig{
		{Name: "one", Prometheus: true, Rules: []RuleConfig{same, same}},
		{Name: "two", File: "other", Rules: []RuleConfig{same}},
	}
	rules := compiled(t, groups...)
	alone := compiled(t, inGroup(same)...)[0]
	if rules[0].ID != alone.ID {
		t.Error("the group is part of the first one's identity")
	}
	again := compiled(t, groups...)
	seen := map[string]bool{}
	for i, r := range rules {
		if seen[r.ID] || again[i].ID != r.ID {
			t.Errorf("rule %d has identity %s, again %s", i, r.ID, again[i].ID)
		}
		seen[r.ID] = true
	}
}

func TestGroupLabels(t *testing.T) {
	of := map[string]string{"team": "infra", "severity": "low"}
	rules := compiled(t, GroupConfig{Labels: of, Rules: []RuleConfig{
		{Name: "A", Expr: "up", Severity: "high"}, {Name: "B", Expr: "up"}, {Record: "r", Expr: "up", Labels: map[string]string{"team": "own"}},
	}})
	for i, want := range []map[string]string{{"team": "own", "severity": "low"}, {"team": "infra", "severity": "high"}, of} {
		for name, value := range want {
			if rules[i].Labels[name] != value {
				t.Errorf("%s: label %s is %q, want %q", rules[i].Name, name, rules[i].Labels[name], value)
			}
		}
	}
}

func TestGroupFaults(t *testing.T) {
	_, faults := Compile([]GroupConfig{
		{File: "a.toml", Path: "alerts", Lines: map[string]int{"alerts.rules[0]": 3, "alerts.rules[0].expr": 5}, Rules: []RuleConfig{{Expr: "("}}},
		{File: "b.yml", Path: "groups[1]", Prometheus: true, Rules: []RuleConfig{{Expr: "up"}, {Name: "MonitordHistoryNotWritable", Expr: "x", Severity: "critical"}}},
		{Interval: -1, Labels: map[string]string{"__name__": "x"}},
	}, time.Second)
	want := []string{
		"a.toml:3: alerts.rules[0].name: is missing", "a.toml:5: alerts.rules[0].expr: is not PromQL",
		"b.yml: groups[1].rules[0].alert: is missing", `b.yml: groups[1].rules[1].alert: "MonitordHistoryNotWritable" with these labels is a built-in rule already`,
		"interval, query_offset and limit must", "labels.__name__: is set from",
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

// TestGroupIsEvaluatedTogether at its interval, whatever its expressions ask for.
func TestGroupIsEvaluatedTogether(t *testing.T) {
	r := newRig(t, EngineOptions{})
	if faults := r.Load([]GroupConfig{{Name: "g", Interval: 15 * time.Second, Rules: []RuleConfig{
		{Record: "a", Expr: "x"}, {Name: "B", Expr: "rate(y[5m]) > 0"},
	}}}); len(faults) > 0 {
		t.Fatal(faults)
	}
	at := map[string][]int64{}
	for _, expr := range []string{"x", "rate(y[5m]) > 0"} {
		r.answers[expr] = func(t int64) ([]metric.Value, error) {
			at[expr] = append(at[expr], t/second)
			return nil, nil
		}
	}
	r.expect(100, 160, nil)
	x := at["x"]
	if !slices.Equal(x, at["rate(y[5m]) > 0"]) || len(x) < 4 || len(x) > 6 {
		t.Errorf("evaluated at %v", at)
	}
	for i := 2; i < len(x); i++ {
		if x[i]-x[i-1] != 15 {
			t.Errorf("evaluated at %v, want every 15 s", x)
		}
	}
}

func TestQueryOffset(t *testing.T) {
	r := newRig(t, EngineOptions{})
	if faults := r.Load([]GroupConfig{{Name: "g", QueryOffset: 10 * time.Second, Rules: []RuleConfig{{Name: "A", Expr: "a"}}}}); len(faults) > 0 {
		t.Fatal(faults)
	}
	r.answers["a"] = between(100, 104)
	r.expect(105, 120, map[int64][]string{110: {"firing A"}, 115: {"resolved A"}})
}
