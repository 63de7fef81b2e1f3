package trial

import (
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"monitord/alerts"
)

// A File is a file of unit tests. Its keys are those of promtool's own format;
// the zero value is a file without tests.
type File struct {
	// RuleFiles are patterns of rule files. Whoever reads the file makes them
	// relative to it and loads them.
	RuleFiles []string `toml:"rule_files"`
	// EvaluationInterval is how often every rule is evaluated, whatever it asks for
	// itself. 0 is a minute.
	EvaluationInterval time.Duration `toml:"evaluation_interval"`
	// GroupEvalOrder are names of groups. Those that are not named are evaluated
	// together with the first.
	GroupEvalOrder []string `toml:"group_eval_order"`
	// FuzzyCompare lets values differ by the last bit.
	FuzzyCompare bool   `toml:"fuzzy_compare"`
	Tests        []Test `toml:"tests"`
	// Rules are rules under test that stand in the test file itself.
	Rules []alerts.RuleConfig `toml:"rules"`
}

// A Test is made-up series and what the rules are to make of them.
type Test struct {
	Name           string            `toml:"name"`
	Interval       time.Duration     `toml:"interval"` // between two samples of a series; 0: the evaluation interval
	InputSeries    []InputSeries     `toml:"input_series"`
	AlertRuleTest  []AlertTest       `toml:"alert_rule_test"`
	PromqlExprTest []ExprTest        `toml:"promql_expr_test"`
	ExternalLabels map[string]string `toml:"external_labels"` // $externalLabels in templates
	ExternalURL    string            `toml:"external_url"`    // $externalURL in templates
	// StartTimestamp is the time of the first samples, RFC 3339 or in seconds
	// since 1970. Empty is 1970.
	StartTimestamp string `toml:"start_timestamp"`
}

// InputSeries is a series in Prometheus' notation: `up{job="node"}` and `1 1 0x10`.
type InputSeries struct {
	Series string `toml:"series"`
	Values string `toml:"values"`
}

// An AlertTest says which alerts of one name fire at a time.
type AlertTest struct {
	EvalTime  time.Duration   `toml:"eval_time"` // since the start
	Alertname string          `toml:"alertname"`
	ExpAlerts []ExpectedAlert `toml:"exp_alerts"`
}

// An ExpectedAlert is an alert that is to fire. Alertname need not be among its labels.
type ExpectedAlert struct {
	ExpLabels      map[string]string `toml:"exp_labels"`
	ExpAnnotations map[string]string `toml:"exp_annotations"`
}

// An ExprTest says what an expression gives at a time.
type ExprTest struct {
	Expr       string           `toml:"expr"`
	EvalTime   time.Duration    `toml:"eval_time"` // since the start
	ExpSamples []ExpectedSample `toml:"exp_samples"`
}

// An ExpectedSample is one element of a result.
type ExpectedSample struct {
	Labels    string  `toml:"labels"`
	Value     float64 `toml:"value"`
	Histogram string  `toml:"histogram"` // refused: the history has no native histograms
}

// Bounds of what a file may ask for.
const (
	maxInterval    = 366 * 24 * time.Hour
	maxEvaluations = 10_000_000 // of each rule in one test
)

// The language is the one that rules are written in.
var language = parser.NewParser(parser.Options{})

// Validate returns every fault, each as "tests[2].interval: what is wrong, what
// to do". Those of the rules are not among them.
func (f *File) Validate() []error {
	v := &validator{}
	v.interval("evaluation_interval", f.EvaluationInterval)
	for i, name := range f.GroupEvalOrder {
		if slices.Contains(f.GroupEvalOrder[:i], name) {
			v.fault(fmt.Sprintf("group_eval_order[%d]", i), "names %q again, remove it", name)
		}
	}
	for i := range f.Tests {
		v.test(fmt.Sprintf("tests[%d].", i), &f.Tests[i], f.every())
	}
	return v.faults
}

// every is how often rules are evaluated.
func (f *File) every() time.Duration {
	if f.EvaluationInterval == 0 {
		return time.Minute
	}
	return f.EvaluationInterval
}

type validator struct{ faults []error }

func (v *validator) fault(key, format string, args ...any) {
	v.faults = append(v.faults, fmt.Errorf("%s: %s", key, fmt.Sprintf(format, args...)))
}

func (v *validator) interval(key string, d time.Duration) {
	if d < 0 || d > maxInterval || d%time.Millisecond != 0 {
		v.fault(key, "is %v, must be whole milliseconds, at most a year", d)
	}
}

func (v *validator) evalTime(key string, at, every time.Duration) {
	if at < 0 || at%time.Millisecond != 0 {
		v.fault(key, "is %v, must be whole milliseconds since the start", at)
	} else if every > 0 && at/every > maxEvaluations {
		v.fault(key, "is %v, which is more than %d evaluations: take a longer evaluation_interval", at, maxEvaluations)
	}
}

func (v *validator) test(at string, t *Test, every time.Duration) {
	v.interval(at+"interval", t.Interval)
	left := maxTestSamples
	for i, s := range t.InputSeries {
		path := fmt.Sprintf("%sinput_series[%d].", at, i)
		n := countValues(s.Values)
		if left -= n; left < 0 {
			v.fault(path+"values", "stands for %d samples or more, a test may have %d: shorten it", n, maxTestSamples)
			break
		}
		if _, err := parseSeries(s); err != nil {
			key := "values"
			if _, err := language.ParseMetric(s.Series); err != nil {
				key = "series"
			}
			v.fault(path+key, "%v", err)
		}
	}
	for i, a := range t.AlertRuleTest {
		path := fmt.Sprintf("%salert_rule_test[%d].", at, i)
		v.evalTime(path+"eval_time", a.EvalTime, every)
		if a.Alertname == "" {
			v.fault(path+"alertname", "is missing, write the name of the alert")
		}
	}
	for i, e := range t.PromqlExprTest {
		path := fmt.Sprintf("%spromql_expr_test[%d].", at, i)
		v.evalTime(path+"eval_time", e.EvalTime, every)
		if _, err := language.ParseExpr(e.Expr); err != nil {
			v.fault(path+"expr", "is not PromQL: %v", err)
		}
		for j, s := range e.ExpSamples {
			at := fmt.Sprintf("%sexp_samples[%d].", path, j)
			if _, err := language.ParseMetric(s.Labels); err != nil {
				v.fault(at+"labels", "%v", err)
			}
			if s.Histogram != "" {
				v.fault(at+"histogram", "is no number, and monitord has no native histograms: test histogram_quantile and its like on classic buckets")
			}
		}
	}
	for name := range t.ExternalLabels {
		if !model.UTF8Validation.IsValidLabelName(name) || name == model.MetricNameLabel {
			v.fault(at+"external_labels."+name, "%q is no label name, write letters, digits and underscores", name)
		}
	}
	if _, err := url.Parse(t.ExternalURL); err != nil {
		v.fault(at+"external_url", "is %q, write a URL such as http://host:6455", t.ExternalURL)
	}
	if _, err := t.start(); err != nil {
		v.fault(at+"start_timestamp", "is %q, %v", t.StartTimestamp, err)
	}
}

// start is the time of the first samples, in Unix milliseconds.
func (t *Test) start() (int64, error) {
	if t.StartTimestamp == "" {
		return 0, nil
	}
	at := math.NaN()
	if seconds, err := strconv.ParseFloat(t.StartTimestamp, 64); err == nil {
		at = seconds
	} else if when, err := time.Parse(time.RFC3339Nano, t.StartTimestamp); err == nil {
		at = float64(when.UnixMilli()) / 1000
	}
	if !(at >= 0 && at < latestStart) {
		return 0, fmt.Errorf("must be a time such as 2026-01-31T12:00:00Z or seconds since 1970")
	}
	return int64(math.Round(at * 1000)), nil
}

// latestStart is the end of the year 9999, in seconds.
const latestStart = 253402300800
