package alerts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// answers is a Querier that knows what each expression returns at a time.
type answers map[string]func(t int64) ([]metric.Value, error)

func (a answers) Instant(_ context.Context, expr string, t int64) ([]metric.Value, error) {
	if f := a[expr]; f != nil {
		return f(t)
	}
	return nil, nil
}

// inTurn asks for one answer at a time: rules ask beside each other, and what a
// test answers with need not know.
type inTurn struct {
	answers
	mu sync.Mutex
}

func (q *inTurn) Instant(ctx context.Context, expr string, t int64) ([]metric.Value, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.answers.Instant(ctx, expr, t)
}

// always returns one element with the labels, given as pairs.
func always(v float64, pairs ...string) func(int64) ([]metric.Value, error) {
	return func(int64) ([]metric.Value, error) {
		return []metric.Value{{Labels: labels.FromStrings(pairs...), V: v}}, nil
	}
}

// between is always from one second to another, both inclusive, and nothing otherwise.
func between(from, to int64, pairs ...string) func(int64) ([]metric.Value, error) {
	yes := always(1, pairs...)
	return func(t int64) ([]metric.Value, error) {
		if t < from*second || t > to*second {
			return nil, nil
		}
		return yes(t)
	}
}

// rig is an engine whose history is a list of batches.
type rig struct {
	*Engine
	t       *testing.T
	answers answers
	batches []metric.Batch
}

// inGroup is the rules as one group without a file.
func inGroup(rules ...RuleConfig) []GroupConfig {
	return []GroupConfig{{Name: "test", Rules: rules}}
}

func newRig(t *testing.T, o EngineOptions, rules ...RuleConfig) *rig {
	t.Helper()
	r := &rig{t: t, answers: answers{}}
	o.Query, o.Registry, o.Interval = &inTurn{answers: r.answers}, metric.NewRegistry(labels.EmptyLabels()), time.Second
	o.Log = slog.New(slog.DiscardHandler)
	o.Append = func(b metric.Batch) error {
		r.batches = append(r.batches, b)
		return nil
	}
	var err error
	if r.Engine, err = NewEngine(o); err != nil {
		t.Fatal(err)
	}
	if faults := r.Load(inGroup(rules...)); len(faults) > 0 {
		t.Fatal(faults)
	}
	return r
}

// tick evaluates at a second and returns what happened as "kind name{labels}".
func (r *rig) tick(at int64) []string {
	r.t.Helper()
	return brief(r.Eval(context.Background(), at*second).Events)
}

func brief(events []Event) []string {
	var all []string
	for _, e := range events {
		b := labels.NewBuilder(e.Alert.Labels)
		b.Del(labels.AlertName)
		rest := b.Labels().String()
		all = append(all, strings.TrimSuffix(fmt.Sprintf("%s %s%s", e.Kind, e.Alert.Labels.Get(labels.AlertName), rest), "{}"))
	}
	return all
}

// expect ticks through the seconds from and to and compares what happens.
func (r *rig) expect(from, to int64, want map[int64][]string) {
	r.t.Helper()
	for at := from; at <= to; at++ {
		if got := r.tick(at); !slices.Equal(got, want[at]) {
			r.t.Errorf("second %d: %q, want %q", at, got, want[at])
		}
	}
}

func TestEngineFollowsAnAlert(t *testing.T) {
	r := newRig(t, EngineOptions{ExternalURL: "http://web1:6455/"}, RuleConfig{
		Name: "Busy", Expr: "load > 1", For: 3 * time.Second, Severity: "warning",
		Labels:      map[string]string{"team": "{{ $labels.host }}-ops", "value": "{{ $value }}"},
		Annotations: map[string]string{"summary": "{{ $labels.host }} is at {{ $value }}, see {{ $externalURL }}"},
		Hooks:       []string{"ops"},
	})
	r.answers["load > 1"] = between(100, 105, "__name__", "load", "host", "a", "team", "nobody")
	r.expect(99, 102, map[int64][]string{100: {`pending Busy{host="a", severity="warning", team="a-ops", value="1"}`}})

	out := r.Eval(context.Background(), 103*second)
	if len(out.Events) != 1 || out.Events[0].Kind != KindFiring {
		t.Fatalf("second 103: %+v, want firing", out.Events)
	}
	e := out.Events[0]
	a := e.Alert
	if a.State != PhaseFiring || a.Value != 1 || a.ActiveAt.Unix() != 100 || a.StartsAt.Unix() != 103 || !a.EndsAt.IsZero() {
		t.Errorf("alert is %+v", a)
	}
	if got, want := a.Annotations["summary"], "a is at 1, see http://web1:6455"; got != want {
		t.Errorf("summary %q, want %q", got, want)
	}
	if want := "http://web1:6455/#alert=" + a.Fingerprint; a.GeneratorURL != want {
		t.Errorf("generator URL %q, want %q", a.GeneratorURL, want)
	}
	if !slices.Equal(e.Hooks, []string{"ops"}) || e.T != 103*second || e.Seq != 0 || e.Durable {
		t.Errorf("event is %+v", e)
	}
	if active := r.Alerts(); len(active) != 1 || active[0].Fingerprint != a.Fingerprint {
		t.Errorf("active alerts are %+v", active)
	}

	r.expect(104, 105, nil)
	out = r.Eval(context.Background(), 106*second)
	if len(out.Events) != 1 || out.Events[0].Kind != KindResolved {
		t.Fatalf("second 106: %+v, want resolved", out.Events)
	}
	if a := out.Events[0].Alert; a.State != PhaseInactive || a.EndsAt.Unix() != 106 || a.StartsAt.Unix() != 103 || a.ActiveAt.Unix() != 100 {
		t.Errorf("resolved alert is %+v", a)
	}
	if active := r.Alerts(); len(active) != 0 {
		t.Errorf("active alerts are %+v, want none", active)
	}
}

func TestEngineTellsElementsApart(t *testing.T) {
	r := newRig(t, EngineOptions{}, RuleConfig{Name: "Full", Expr: "used > 0.9"})
	r.answers["used > 0.9"] = func(t int64) ([]metric.Value, error) {
		var all []metric.Value
		for i, disk := range []string{"a", "b", "c"} {
			if t >= int64(100+i)*second && t < int64(105+i)*second {
				all = append(all, metric.Value{Labels: labels.FromStrings("disk", disk), V: 1})
			}
		}
		return all, nil
	}
	r.expect(99, 108, map[int64][]string{
		100: {`firing Full{disk="a"}`}, 101: {`firing Full{disk="b"}`}, 102: {`firing Full{disk="c"}`},
		105: {`resolved Full{disk="a"}`}, 106: {`resolved Full{disk="b"}`}, 107: {`resolved Full{disk="c"}`},
	})
}

func TestEngineKeepsStateWhileEvaluationFails(t *testing.T) {
	r := newRig(t, EngineOptions{}, RuleConfig{Name: "A", Expr: "a"}, RuleConfig{Name: "B", Expr: "b"})
	down := false
	r.answers["a"] = func(t int64) ([]metric.Value, error) {
		if down {
			return nil, errors.New("no history")
		}
		return between(100, 103)(t)
	}
	r.answers["b"] = between(102, 200)
	r.expect(100, 101, map[int64][]string{100: {"firing A"}})
	down = true
	r.expect(102, 104, map[int64][]string{102: {"firing B"}}) // another rule is not held up
	s := r.Rules()[0]
	if s.Failures != 3 || s.Evaluations != 5 || s.LastError == nil || s.State != PhaseFiring {
		t.Errorf("status while failing is %+v", s)
	}
	if n := len(r.batches[len(r.batches)-1].Points); n != 4 {
		t.Errorf("%d points are written while A fails, want ALERTS and ALERTS_FOR_STATE of A and B", n)
	}
	down = false
	r.expect(105, 106, map[int64][]string{105: {"resolved A"}})
	if s := r.Rules()[0]; s.LastError != nil {
		t.Errorf("error after recovery is %v", s.LastError)
	}
}

func TestEngineRefusesResults(t *testing.T) {
	for name, tc := range map[string]struct {
		rule   RuleConfig
		result []metric.Value
		want   string
	}{
		"alerts with the same labels": {
			RuleConfig{Name: "A", Expr: "a"},
			[]metric.Value{{Labels: labels.FromStrings("__name__", "x")}, {Labels: labels.FromStrings("__name__", "y")}},
			"same labels",
		},
		"recorded series with the same labels": {
			RuleConfig{Record: "r", Expr: "a"},
			[]metric.Value{{Labels: labels.FromStrings("__name__", "x")}, {Labels: labels.FromStrings("__name__", "y")}},
			"same labels",
		},
		"too many": {RuleConfig{Name: "A", Expr: "a"}, make([]metric.Value, maxResults+1), "at most 10000"},
		"too long": {
			RuleConfig{Name: "A", Expr: "a"},
			[]metric.Value{{Labels: labels.FromStrings("x", strings.Repeat("y", maxLabelBytes))}}, "at most 16384",
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, EngineOptions{}, tc.rule)
			r.answers["a"] = func(int64) ([]metric.Value, error) { return tc.result, nil }
			if got := r.tick(100); got != nil {
				t.Errorf("events %q, want none", got)
			}
			if err := r.Rules()[0].LastError; err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want one that says %q", err, tc.want)
			}
		})
	}
}

func TestEngineReload(t *testing.T) {
	stays := RuleConfig{Name: "Stays", Expr: "a", Labels: map[string]string{"x": "1"}, Annotations: map[string]string{"s": "old"}}
	goes := RuleConfig{Name: "Goes", Expr: "a"}
	r := newRig(t, EngineOptions{}, stays, goes)
	r.answers["a"], r.answers["a "] = always(1), always(1)
	r.expect(100, 101, map[int64][]string{100: {`firing Stays{x="1"}`, "firing Goes"}})

	if faults := r.Load(inGroup(stays, RuleConfig{Name: "Broken", Expr: "("})); len(faults) != 1 {
		t.Fatalf("faults %v, want one", faults)
	}
	r.expect(102, 102, nil) // a faulty load changes nothing

	stays.For, stays.Every = time.Hour, 2*time.Second
	stays.Annotations = map[string]string{"s": "new"}
	comes := RuleConfig{Name: "Comes", Expr: "a"}
	if faults := r.Load(inGroup(comes, stays)); len(faults) != 0 {
		t.Fatal(faults)
	}
	r.expect(103, 105, map[int64][]string{103: {"resolved Goes", "firing Comes"}})
	for _, s := range r.Rules() {
		if s.Rule.Name == "Stays" && (s.State != PhaseFiring || s.Alerts[0].ActiveAt.Unix() != 100 || s.Alerts[0].Annotations["s"] != "new") {
			t.Errorf("the rule that stays is %+v", s)
		}
	}

	stays.Expr = "a or vector(1)"
	if faults := r.Load(inGroup(comes, stays)); len(faults) != 0 {
		t.Fatal(faults)
	}
	r.expect(106, 106, map[int64][]string{106: {`resolved Stays{x="1"}`}}) // another expression is another alert
}

func TestEngineStopsInTheMiddle(t *testing.T) {
	r := newRig(t, EngineOptions{}, RuleConfig{Name: "A", Expr: "a"}, RuleConfig{Name: "B", Expr: "b"})
	ctx, cancel := context.WithCancel(context.Background())
	r.answers["a"], r.answers["b"] = always(1), always(1)
	r.expect(100, 100, map[int64][]string{100: {"firing A", "firing B"}})
	r.answers["a"] = func(int64) ([]metric.Value, error) {
		cancel()
		return nil, ctx.Err()
	}
	if out := r.Eval(ctx, 101*second); len(out.Events) != 0 {
		t.Errorf("events %q, want none", brief(out.Events))
	}
	if s := r.Stats(); s.Failures != 0 || s.Firing != 2 {
		t.Errorf("stats %+v, want no failure and both firing", s)
	}
}

// Whoever watches the engine sees it move with each rule of a tick, not only with
// each tick.
func TestTurnsWithinATick(t *testing.T) {
	rules := []RuleConfig{{Record: "a", Expr: "sum(x)"}, {Record: "b", Expr: "sum(a)"}, {Name: "A", Expr: "sum(b)"}} // one after the other
	r := newRig(t, EngineOptions{}, rules...)
	var seen []uint64
	for _, rule := range rules {
		r.answers[rule.Expr] = func(int64) ([]metric.Value, error) {
			seen = append(seen, r.Turns())
			return nil, nil
		}
	}
	r.tick(100)
	if len(seen) != 3 || seen[0] >= seen[1] || seen[1] >= seen[2] || seen[2] >= r.Turns() {
		t.Errorf("turns at each query: %d, after the tick: %d", seen, r.Turns())
	}
}
