//go:build outside

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"monitord/alerts/trial"
)

// promtoolTests runs Debian's promtool on a test file and returns whether it passes.
func promtoolTests(t *testing.T, file string) (passes bool, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), outsideTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, "promtool", "test", "rules", file).CombinedOutput()
	return err == nil, string(out)
}

// oursTests runs rules test on the same file.
func oursTests(t *testing.T, file string) (passes bool, said string) {
	t.Helper()
	var out strings.Builder
	code := execute(t.Context(), []string{"rules", "test", file}, &out, &out)
	return code == exitDone, out.String()
}

// A promtoolFile is rules and tests of them in YAML, which JSON is.
type promtoolFile struct {
	rnd   *rand.Rand
	names []string // of the alerts
	rules map[string]any
	tests map[string]any
	cases []map[string]any // alert_rule_test and promql_expr_test of each test
}

type object = map[string]any

// promtoolCase makes random rules, series and questions. Samples come every 59.5 s
// and ranges end in a quarter of a second, so that none has a sample at its left
// edge; a series does not begin with the test, so that none is five minutes old at
// an evaluation: there Prometheus 2 and 3 differ.
func promtoolCase(seed uint64) *promtoolFile {
	f := &promtoolFile{rnd: rand.New(rand.NewPCG(seed, 3))}
	pick := func(from ...string) string { return from[f.rnd.IntN(len(from))] }
	minutes := func(n int) string { return fmt.Sprintf("%dm", f.rnd.IntN(n)) }
	var groups []object
	for g := range 2 {
		var rules []object
		for i := range 1 + f.rnd.IntN(4) {
			expr := pick("m > 3", "m == 1", "rate(c_total[180250ms]) * 100 > 3", "avg_over_time(m[310250ms]) > 2", "sum by (n) (m) >= 4", "absent(m{n=\"1\"})",
				"count(m) < 3", "changes(m[200250ms]) > 1", "max_over_time(m[300250ms:1m]) > 4", "m offset 90s > 2", "m unless on (n) r0", "r0 > 2", "sum(r1)",
				"ALERTS{alertstate=\"firing\"} and on () m > 4", "predict_linear(m[400250ms], 600) > 8", "m{n=\"2\"} and on () c_total > 40", "time() - ALERTS_FOR_STATE > 300")
			r := object{"expr": expr}
			if f.rnd.IntN(4) == 0 {
				r["record"] = fmt.Sprint("r", f.rnd.IntN(2))
				r["labels"] = object{"rule": fmt.Sprintf("%d%d", g, i)}
			} else {
				name := fmt.Sprintf("A%d%d", g, i)
				f.names = append(f.names, name)
				r["alert"], r["for"] = name, minutes(4)
				if f.rnd.IntN(2) == 0 {
					r["keep_firing_for"] = minutes(6)
				}
				r["labels"] = object{"severity": pick("page", "mail", "of {{ $labels.n }}"), "of": name}
				r["annotations"] = object{
					"summary": "{{ $labels.n }} is {{ $value | humanize }}, {{ with query \"count(m)\" }}{{ . | first | value }}{{ end }} in {{ $externalLabels.dc }}",
				}
			}
			rules = append(rules, r)
		}
		groups = append(groups, object{"name": fmt.Sprint("g", g), "interval": pick("1m", "7m", "30s"), "rules": rules})
	}
	f.rules = object{"groups": groups}
	var tests []object
	for range 3 {
		tests = append(tests, f.test())
	}
	f.tests = object{"rule_files": []string{"rules.yml"}, "evaluation_interval": "1m", "group_eval_order": []string{"g0", "g1"}, "tests": tests}
	return f
}

// test makes series, and asks for every alert at many times, as yet without answers.
func (f *promtoolFile) test() object {
	values := func() string {
		words := []string{"_"}
		for range 8 {
			switch f.rnd.IntN(6) {
			case 0:
				words = append(words, "stale")
			case 1:
				words = append(words, fmt.Sprintf("_x%d", f.rnd.IntN(7)))
			case 2:
				words = append(words, fmt.Sprintf("%d-1x%d", f.rnd.IntN(6), f.rnd.IntN(5)))
			default:
				words = append(words, fmt.Sprintf("%dx%d", f.rnd.IntN(6), f.rnd.IntN(9)))
			}
		}
		return strings.Join(words, " ")
	}
	var series, alerts, exprs []object
	for n := range 3 {
		series = append(series, object{"series": fmt.Sprintf(`m{n="%d"}`, n), "values": values()})
	}
	series = append(series, object{"series": "c_total", "values": fmt.Sprintf("_ 0+%dx20 0+3x20", 1+f.rnd.IntN(4))})
	for range 20 {
		at := fmt.Sprintf("%ds", f.rnd.IntN(35*60))
		for _, name := range f.names {
			alerts = append(alerts, object{"eval_time": at, "alertname": name})
		}
		// An expression is evaluated in the end and looks back from its own time: at
		// an evaluation's it has no sample at its edge.
		exprs = append(exprs, object{"eval_time": fmt.Sprintf("%dm", f.rnd.IntN(35)), "expr": []string{"ALERTS", "r0", "sum(r1)", "ALERTS_FOR_STATE", "m", "rate(c_total[200250ms])"}[f.rnd.IntN(6)]})
	}
	test := object{"interval": "59s500ms", "input_series": series, "alert_rule_test": alerts, "promql_expr_test": exprs, "external_labels": object{"dc": "eu"}}
	f.cases = append(f.cases, test)
	return test
}

func (f *promtoolFile) write(t *testing.T) {
	t.Helper()
	for name, what := range map[string]any{"rules.yml": f.rules, "test.yml": f.tests} {
		text, err := json.MarshalIndent(what, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// answer writes what rules test finds as what is expected, and returns how many
// alerts that are; false if a rule cannot be evaluated.
func (f *promtoolFile) answer(t *testing.T) (int, bool) {
	t.Helper()
	f.write(t)
	file, faults := loadTestFile("test.yml")
	for _, fault := range faults {
		t.Fatal(fault)
	}
	n := 0
	for i := range file.Tests {
		failures, err := file.Run(t.Context(), i, file.groups)
		if err != nil {
			t.Fatal(err)
		}
		for _, failure := range failures {
			if strings.HasPrefix(failure.Text, "cannot be evaluated") {
				return 0, false
			}
			n += f.expect(t, i, failure)
		}
	}
	return n, true
}

func (f *promtoolFile) expect(t *testing.T, i int, failure trial.Failure) int {
	t.Helper()
	var j int
	if _, err := fmt.Sscanf(failure.Path, fmt.Sprintf("tests[%d].alert_rule_test[%%d]", i), &j); err == nil {
		var list []object
		for _, a := range failure.Alerts {
			list = append(list, object{"exp_labels": a.ExpLabels, "exp_annotations": a.ExpAnnotations})
		}
		f.cases[i]["alert_rule_test"].([]object)[j]["exp_alerts"] = list
		return len(list)
	}
	if _, err := fmt.Sscanf(failure.Path, fmt.Sprintf("tests[%d].promql_expr_test[%%d]", i), &j); err != nil {
		t.Fatalf("%s: %s: %s", failure.Path, failure.What, failure.Text)
	}
	var list []object
	for _, s := range failure.Samples {
		if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
			t.Fatalf("%s gives %v, which JSON does not have", failure.What, s.Value)
		}
		list = append(list, object{"labels": s.Labels, "value": s.Value})
	}
	f.cases[i]["promql_expr_test"].([]object)[j]["exp_samples"] = list
	return 0
}

// spoil changes one expectation at random.
func (f *promtoolFile) spoil() {
	of := f.cases[f.rnd.IntN(len(f.cases))]["alert_rule_test"].([]object)
	one := of[f.rnd.IntN(len(of))]
	if list, ok := one["exp_alerts"].([]object); ok && len(list) > 0 {
		one["exp_alerts"] = list[1:]
		return
	}
	one["exp_alerts"] = []object{{"exp_labels": object{"severity": "page"}}}
}

// TestOutsidePromtoolAgrees: what rules test finds for random rules and series is
// what Prometheus' own tool finds, and what is wrong for one is wrong for the other.
func TestOutsidePromtoolAgrees(t *testing.T) {
	end := time.Now().Add(time.Minute)
	files, found := 0, 0
	for seed := uint64(1); seed <= 20 && (time.Now().Before(end) || files < 3 || found < 200); seed++ {
		t.Chdir(t.TempDir())
		f := promtoolCase(seed)
		n, sound := f.answer(t)
		if !sound { // alerts with equal labels, most often
			if theirs, said := promtoolTests(t, "test.yml"); theirs || !strings.Contains(said, "err: ") {
				t.Fatalf("seed %d: promtool evaluates rules that rules test cannot:\n%s", seed, said)
			}
			continue
		}
		found += n
		f.write(t)
		files++
		ours, said := oursTests(t, "test.yml")
		if !ours {
			t.Fatalf("seed %d: rules test does not agree with itself:\n%s", seed, said)
		}
		if theirs, said := promtoolTests(t, "test.yml"); !theirs {
			t.Fatalf("seed %d: promtool does not agree:\n%s", seed, said)
		}
		if len(f.names) == 0 {
			continue
		}
		f.spoil()
		f.write(t)
		if ours, said = oursTests(t, "test.yml"); ours {
			t.Fatalf("seed %d: passes what is spoilt", seed)
		}
		if theirs, _ := promtoolTests(t, "test.yml"); theirs {
			t.Fatalf("seed %d: promtool passes what is spoilt, rules test says\n%s", seed, said)
		}
	}
	t.Logf("%d files with %d alerts", files, found)
	if files < 3 || found < 200 {
		t.Errorf("%d files with %d alerts test nothing", files, found)
	}
}

// TestOutsideTheLeftEdge: a sample at the left edge of a range is in it for Debian's
// promtool, which is Prometheus 2, and not for Prometheus 3 and rules test. The same
// is true of a sample that is just as old as an instant looks back.
func TestOutsideTheLeftEdge(t *testing.T) {
	if version := outside(t, "", "promtool", "--version"); !strings.Contains(version, "version 2.") {
		t.Fatalf("promtool is no longer Prometheus 2: compare the edges as well in TestOutsidePromtoolAgrees, and take this test away\n%s", version)
	}
	for expr, values := range map[string][2]int{
		"count_over_time(m[2m])":     {3, 2},
		"count_over_time(m[2m:1m])":  {3, 2},
		"count(m offset 3m)":         {1, 1},
		"count(last)":                {1, 0},
		"count_over_time(m[119s])":   {2, 2},
		"sum(sum_over_time(m[1m:]))": {2, 1},
	} {
		for version, value := range values {
			t.Chdir(t.TempDir())
			var expect []object
			if value > 0 {
				expect = []object{{"labels": "{}", "value": value}}
			}
			f := &promtoolFile{rules: object{}, tests: object{"tests": []object{{
				"interval":         "1m",
				"input_series":     []object{{"series": "m", "values": "1x10"}, {"series": "last", "values": "1 _x10"}},
				"promql_expr_test": []object{{"expr": "sum(" + expr + ")", "eval_time": "5m", "exp_samples": expect}},
			}}}}
			f.write(t)
			theirs, said := promtoolTests(t, "test.yml")
			if want := version == 0 || values[0] == value; theirs != want {
				t.Errorf("%s = %d: promtool says %v\n%s", expr, value, theirs, said)
			}
			ours, said := oursTests(t, "test.yml")
			if want := version == 1 || values[1] == value; ours != want {
				t.Errorf("%s = %d: rules test says %v\n%s", expr, value, ours, said)
			}
		}
	}
}
