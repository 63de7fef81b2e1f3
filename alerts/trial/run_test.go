package trial

import (
	"context"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"monitord/alerts"
)

func runOne(t *testing.T, test Test, rules ...alerts.RuleConfig) []Failure {
	t.Helper()
	f := &File{Tests: []Test{test}}
	for _, err := range f.Validate() {
		t.Fatal(err)
	}
	failures, err := f.Run(context.Background(), 0, []alerts.GroupConfig{{Name: "g", Rules: rules}})
	if err != nil {
		t.Fatal(err)
	}
	return failures
}

func oneGroup(expr string) []alerts.GroupConfig {
	return []alerts.GroupConfig{{Name: "g", Rules: []alerts.RuleConfig{{Name: "A", Expr: expr}, {Record: "r", Expr: expr}}}}
}

func up(values string) []InputSeries {
	return []InputSeries{{Series: `up{job="node",instance="a"}`, Values: values}}
}

func down() alerts.RuleConfig {
	return alerts.RuleConfig{
		Name: "Down", Expr: "up == 0", For: 2 * time.Minute, Severity: "page",
		Annotations: map[string]string{"summary": "{{ $labels.instance }} of {{ $externalLabels.dc }} at {{ $externalURL }} is {{ $value }}, {{ query \"count(up)\" | first | value }} in all"},
	}
}

func TestAnAlertFires(t *testing.T) {
	firing := ExpectedAlert{
		ExpLabels:      map[string]string{"job": "node", "instance": "a", "severity": "page"},
		ExpAnnotations: map[string]string{"summary": "a of eu at http://x/ is 0, 1 in all"},
	}
	test := Test{
		InputSeries: up("0x3 1"), ExternalLabels: map[string]string{"dc": "eu"}, ExternalURL: "http://x/", // promtool leaves the slash
		AlertRuleTest: []AlertTest{
			{EvalTime: 0, Alertname: "Down"},
			{EvalTime: time.Minute, Alertname: "Down"},
			{EvalTime: 119 * time.Second, Alertname: "Down"},
			{EvalTime: 2 * time.Minute, Alertname: "Down", ExpAlerts: []ExpectedAlert{firing}},
			{EvalTime: 3 * time.Minute, Alertname: "Down", ExpAlerts: []ExpectedAlert{firing}},
			{EvalTime: 4 * time.Minute, Alertname: "Down"},
		},
		PromqlExprTest: []ExprTest{
			{Expr: "ALERTS", EvalTime: 3 * time.Minute, ExpSamples: []ExpectedSample{{Labels: `ALERTS{alertname="Down",alertstate="firing",job="node",instance="a",severity="page"}`, Value: 1}}},
			{Expr: "ALERTS_FOR_STATE", EvalTime: 3 * time.Minute, ExpSamples: []ExpectedSample{{Labels: `ALERTS_FOR_STATE{alertname="Down",job="node",instance="a",severity="page"}`, Value: 0}}},
			{Expr: "ALERTS", EvalTime: 4 * time.Minute},
		},
	}
	if got := runOne(t, test, down()); len(got) > 0 {
		t.Errorf("%+v", got)
	}
	test.StartTimestamp = "2026-01-31T12:00:00Z"
	test.PromqlExprTest = []ExprTest{{Expr: "year()", ExpSamples: []ExpectedSample{{Labels: "{}", Value: 2026}}}}
	if got := runOne(t, test, down()); len(got) > 0 {
		t.Errorf("%+v", got)
	}
}

func TestAFailureSaysWhatDiffers(t *testing.T) {
	got := runOne(t, Test{
		Name: "n", InputSeries: up("0x3"),
		AlertRuleTest: []AlertTest{{EvalTime: 3 * time.Minute, Alertname: "Down", ExpAlerts: []ExpectedAlert{
			{ExpLabels: map[string]string{"job": "node", "instance": "a", "severity": "mail"}},
			{ExpLabels: map[string]string{"instance": "b"}},
		}}},
		PromqlExprTest: []ExprTest{{Expr: "up", EvalTime: time.Minute, ExpSamples: []ExpectedSample{{Labels: `up{job="node",instance="a"}`, Value: 2}, {Labels: "x"}}}},
	}, down())
	want := []Failure{{
		Path: "tests[0].alert_rule_test[0]", Test: "n", What: "alert Down at 3m",
		Text: strings.TrimSpace(`
fires, but differs: {alertname="Down", instance="a", job="node", severity="page"}
    labels.severity
        expected "mail"
        got      "page"
    annotations.summary
        expected nothing
        got      "a of  at  is 0, 1 in all"
expected, but does not fire:
    labels      {alertname="Down", instance="b"}`),
	}, {
		Path: "tests[0].promql_expr_test[0]", Test: "n", What: "up at 1m",
		Text: strings.TrimSpace(`
up{instance="a", job="node"}
    expected 2
    got      0
expected, but not there: x 0`),
	}}
	for i, g := range got {
		if g.Alerts, g.Samples = nil, nil; i >= len(want) || !reflect.DeepEqual(g, want[i]) {
			t.Errorf("failure %d:\n%+v", i, g)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d failures, want %d", len(got), len(want))
	}
}

// TestTheWindowsArePrometheus3s: an instant looks back five minutes, a range is
// open to the left, a subquery without a step takes the evaluation interval.
func TestTheWindowsArePrometheus3s(t *testing.T) {
	one := func(value float64) []ExpectedSample { return []ExpectedSample{{Labels: "{}", Value: value}} }
	got := runOne(t, Test{
		InputSeries: []InputSeries{{Series: "m", Values: "1 2 3 4 5 6"}, {Series: "e", Values: "1 stale"}, {Series: "h", Values: "1 _x20"}},
		PromqlExprTest: []ExprTest{
			{Expr: "sum(count_over_time(m[3m]))", EvalTime: 5 * time.Minute, ExpSamples: one(3)},
			{Expr: "sum(count_over_time(m[179s]))", EvalTime: 5 * time.Minute, ExpSamples: one(3)},
			{Expr: "sum(count_over_time(m[2m1s]))", EvalTime: 5 * time.Minute, ExpSamples: one(3)},
			{Expr: "sum(count_over_time(m[3m:]))", EvalTime: 5 * time.Minute, ExpSamples: one(3)},
			{Expr: "e", EvalTime: time.Minute},
			{Expr: "sum(h)", EvalTime: 4*time.Minute + 59*time.Second, ExpSamples: one(1)},
			{Expr: "sum(h)", EvalTime: 5 * time.Minute},
			{Expr: "sum(m @ end())", EvalTime: 0, ExpSamples: one(1)},
			{Expr: "sum(m offset -2m)", EvalTime: time.Minute, ExpSamples: one(4)},
		},
	})
	for _, f := range got {
		t.Errorf("%+v", f)
	}
}

// TestASeriesThatEndsIsGoneAtOnce: what a rule does not give any more is not there
// for the rules behind it at the same tick, as in Prometheus.
func TestASeriesThatEndsIsGoneAtOnce(t *testing.T) {
	rules := []alerts.RuleConfig{
		{Record: "r", Expr: "up == 1"},
		{Record: "n", Expr: "count(r) or vector(0)"},
		{Name: "A", Expr: "r == 1"},
		{Name: "B", Expr: "ALERTS{alertname=\"A\"}", Labels: map[string]string{"alertname_of": "A"}},
	}
	at := func(minute int, name string, fires bool) AlertTest {
		test := AlertTest{EvalTime: time.Duration(minute) * time.Minute, Alertname: name}
		if fires {
			ls := map[string]string{"job": "node", "instance": "a"}
			if name == "B" {
				ls["alertstate"], ls["alertname_of"] = "firing", "A"
			}
			test.ExpAlerts = []ExpectedAlert{{ExpLabels: ls}}
		}
		return test
	}
	got := runOne(t, Test{
		InputSeries:   up("1 0 1"),
		AlertRuleTest: []AlertTest{at(0, "A", true), at(0, "B", true), at(1, "A", false), at(1, "B", false), at(2, "A", true), at(2, "B", true)},
		PromqlExprTest: []ExprTest{
			{Expr: "n", EvalTime: time.Minute, ExpSamples: []ExpectedSample{{Labels: "n", Value: 0}}},
			{Expr: "n", EvalTime: 2 * time.Minute, ExpSamples: []ExpectedSample{{Labels: "n", Value: 1}}},
		},
	}, rules...)
	for _, f := range got {
		t.Errorf("%+v", f)
	}
}

func TestCountValuesStopsAtTheNextValue(t *testing.T) {
	for text, most := range map[string]int{
		"1x10":                         14,
		"1767000000x20 1767003600+0x4": 60,
		"1 x 20 3":                     40,
	} {
		if n := countValues(text); n > most {
			t.Errorf("%s: %d", text, n)
		}
	}
}

// interrupted is a context that ends when it has been asked a number of times.
type interrupted struct {
	context.Context
	left *atomic.Int64
	end  context.CancelFunc
}

func (c interrupted) Err() error {
	if c.left.Add(-1) == 0 {
		c.end()
	}
	return c.Context.Err()
}

// Whenever a run is interrupted, it says so, and not that a test has failed.
func TestAnInterruptedTestHasNotFailed(t *testing.T) {
	f := &File{Tests: []Test{{
		InputSeries:    up("0x3"),
		AlertRuleTest:  []AlertTest{{EvalTime: 2 * time.Minute, Alertname: "Down", ExpAlerts: []ExpectedAlert{{ExpLabels: map[string]string{"job": "node", "instance": "a", "severity": "page"}, ExpAnnotations: map[string]string{"summary": " of  at  is 0"}}}}},
		PromqlExprTest: []ExprTest{{Expr: "count(up)", EvalTime: 2 * time.Minute, ExpSamples: []ExpectedSample{{Labels: "{}", Value: 1}}}},
	}}}
	for _, err := range f.Validate() {
		t.Fatal(err)
	}
	rule := down()
	rule.Annotations = map[string]string{"summary": " of  at  is {{ $value }}"}
	for n := int64(1); ; n++ {
		ctx, cancel := context.WithCancel(t.Context())
		left := new(atomic.Int64)
		left.Store(n)
		failures, err := f.Run(interrupted{ctx, left, cancel}, 0, []alerts.GroupConfig{{Name: "g", Rules: []alerts.RuleConfig{rule}}})
		cancel()
		if err == nil && len(failures) > 0 {
			t.Errorf("interrupted at %d: %+v", n, failures)
		}
		if left.Load() > 0 {
			if n < 5 {
				t.Errorf("it is asked %d times only", n)
			}
			return
		}
	}
}
