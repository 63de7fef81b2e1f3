package trial

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/history"
	"monitord/metric"
)

// lookback is Prometheus' own, which the daemon shortens to seconds.
const lookback = 5 * time.Minute

// A Failure is one expectation that did not come true, or a rule that could not
// be evaluated.
type Failure struct {
	Path string // in the file: "tests[0].alert_rule_test[2]"
	Test string // its name; may be empty
	What string // "alert InstanceDown at 10m"
	Text string // what was expected and what was there; lines without indentation

	// What was there, as the file would have to say it: of an AlertTest or an ExprTest.
	Alerts  []ExpectedAlert
	Samples []ExpectedSample
}

// Run runs one of the file's tests on the given groups of rules. An error says
// that the rules or the test cannot be used at all.
func (f *File) Run(ctx context.Context, i int, groups []alerts.GroupConfig) ([]Failure, error) {
	t := &f.Tests[i]
	start, err := t.start()
	if err != nil {
		return nil, err
	}
	r := &run{
		test: t, path: fmt.Sprintf("tests[%d]", i), fuzzy: f.FuzzyCompare,
		start: start, every: f.every().Milliseconds(),
	}
	r.db, err = history.OpenMemory(history.MemoryOptions{Lookback: lookback, SubqueryStep: f.every()})
	if err != nil {
		return nil, err
	}
	defer r.db.Close()
	step := cmp.Or(t.Interval, f.every())
	if r.load, err = newLoader(r.db, t, start, step.Milliseconds()); err != nil {
		return nil, err
	}
	if r.engine, err = r.newEngine(f.every()); err != nil {
		return nil, err
	}
	for _, fault := range r.engine.Load(f.prepare(groups)) {
		return nil, fault
	}
	if err := r.evaluate(ctx); err != nil {
		return nil, err
	}
	return r.failures, nil
}

// A run is one test under way.
type run struct {
	test      *Test
	path      string
	fuzzy     bool
	start     int64 // Unix milliseconds
	every     int64 // milliseconds
	db        *history.DB
	load      *loader
	engine    *alerts.Engine
	appendErr error // of what rules wrote at the evaluation under way
	failures  []Failure
}

func (r *run) newEngine(every time.Duration) (*alerts.Engine, error) {
	return alerts.NewEngine(alerts.EngineOptions{
		Query: r.db, Registry: metric.NewRegistry(labels.EmptyLabels()), Append: r.append,
		Interval: every, Log: slog.New(slog.DiscardHandler),
		ExternalLabels: r.test.ExternalLabels, ExternalURL: r.test.ExternalURL, Bare: true,
	})
}

// append stores what rules wrote. Of series that ended another rule may go on
// writing: that it is refused is no error, as in Prometheus.
func (r *run) append(b metric.Batch) error {
	values := make([]metric.Value, len(b.Points))
	for i, p := range b.Points {
		values[i] = metric.Value{Labels: p.Series.Labels, V: p.V}
	}
	if err := appendAll(r.db, b.T, values); err != nil && r.appendErr == nil {
		r.appendErr = err
	}
	ended := make([]labels.Labels, len(b.Ended))
	for i, s := range b.Ended {
		ended[i] = s.Labels
	}
	return r.db.AppendValues(b.T, nil, ended)
}

func (r *run) fail(path, what, text string) *Failure {
	r.failures = append(r.failures, Failure{Path: r.path + path, Test: r.test.Name, What: what, Text: text})
	return &r.failures[len(r.failures)-1]
}

// evaluate goes through the evaluations, up to the last time that is asked for,
// and looks at what is firing when it is asked for. Then come the expressions.
func (r *run) evaluate(ctx context.Context) error {
	end := r.start
	for _, a := range r.test.AlertRuleTest {
		end = max(end, r.start+a.EvalTime.Milliseconds())
	}
	for _, e := range r.test.PromqlExprTest {
		end = max(end, r.start+e.EvalTime.Milliseconds())
	}
	asked := make([]int, len(r.test.AlertRuleTest)) // by time
	for i := range asked {
		asked[i] = i
	}
	slices.SortStableFunc(asked, func(a, b int) int {
		return cmp.Compare(r.test.AlertRuleTest[a].EvalTime, r.test.AlertRuleTest[b].EvalTime)
	})
	for t := r.start; t <= end; t += r.every {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.load.until(t); err != nil {
			r.fail("", "at "+since(t-r.start), err.Error())
			return nil
		}
		r.engine.Eval(ctx, t)
		if !r.sound(t) {
			return ctx.Err()
		}
		for len(asked) > 0 && r.test.AlertRuleTest[asked[0]].EvalTime.Milliseconds() < t-r.start+r.every {
			r.alerts(asked[0])
			asked = asked[1:]
		}
	}
	for i := range r.test.PromqlExprTest {
		r.expression(ctx, i)
	}
	return ctx.Err() // what was held against a query that was broken off is no failure
}

// sound reports whether the rules could all be evaluated at t.
func (r *run) sound(t int64) bool {
	before := len(r.failures)
	for _, s := range r.engine.Rules() {
		if s.LastError != nil {
			r.fail("", fmt.Sprintf("rule %s at %s", s.Rule.Name, since(t-r.start)), "cannot be evaluated: "+s.LastError.Error())
		}
	}
	if r.appendErr != nil {
		r.fail("", "at "+since(t-r.start), r.appendErr.Error())
	}
	return len(r.failures) == before
}

// since writes milliseconds as people write durations.
func since(ms int64) string { return formatDuration(time.Duration(ms) * time.Millisecond) }
