package alerts

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"monitord/metric"
)

func TestShownExpressions(t *testing.T) {
	for expr, want := range map[string]string{
		"a > 1":                             "a",
		"(1 < (rate(a[5m]) * 100))":         "rate(a[5m]) * 100",
		"a > bool 1":                        "a",
		"a > scalar(b)":                     "a",
		"a > b":                             "a > b",
		"a > 1 and on (x) b > 2":            "a",
		"a > 1 unless b":                    "a",
		"a > 1 or b > 2":                    "a > 1 or b > 2",
		"predict_linear(a[1h], 3600) < 0":   "predict_linear(a[1h], 3600)",
		"absent(a)":                         "absent(a)",
		"a offset 5m > 1":                   "a offset 5m",
		"a offset -5m > 1":                  "",
		"a @ start() > 1":                   "",
		"max_over_time(a[5m:] @ end()) > 1": "",
		"vector(3)":                         "vector(3)",
	} {
		e, err := parseExpression(expr)
		if err != nil {
			t.Fatal(err)
		}
		if e.shows != want {
			t.Errorf("%s shows %q, want %q", expr, e.shows, want)
		}
	}
}

// ranges is a Ranger that tells the seconds themselves as values, for each disk
// that an expression's answer has at the end.
type ranges struct {
	answers answers
	fails   error

	mu    sync.Mutex // guards the field below
	asked []string
}

func (r *ranges) Range(ctx context.Context, expr string, start, end, step int64, fn func(labels.Labels, []promql.FPoint) error) error {
	r.mu.Lock()
	r.asked = append(r.asked, fmt.Sprintf("%s %d-%d/%d", expr, start/second, end/second, step/second))
	r.mu.Unlock()
	if r.fails != nil {
		return r.fails
	}
	values, err := r.answers.Instant(ctx, expr, end)
	for _, v := range values {
		var points []promql.FPoint
		for t := start; t <= end; t += step {
			points = append(points, promql.FPoint{T: t, F: float64(t / second)})
		}
		if err := fn(v.Labels, points); err != nil {
			return err
		}
	}
	return err
}

func disks(n int, more ...string) []metric.Value {
	var all []metric.Value
	for i := range n {
		all = append(all, metric.Value{Labels: labels.FromStrings(append([]string{"__name__", "used", "disk", fmt.Sprint(i)}, more...)...), V: 1})
	}
	return all
}

func TestFiringCarriesEvidence(t *testing.T) {
	found := &ranges{answers: answers{}}
	r := newRig(t, EngineOptions{Range: found},
		RuleConfig{Name: "Full", Expr: "used > 0.9", For: 2 * time.Second},
		RuleConfig{Name: "Slow", Expr: "used > bool 0", Every: 30 * time.Second})
	full := func(at int64) ([]metric.Value, error) {
		if at > 104*second {
			return nil, nil
		}
		return disks(2), nil
	}
	r.answers["used > 0.9"] = full
	found.answers["used"] = func(int64) ([]metric.Value, error) { return disks(3), nil } // one of them does not fire
	if got := r.tick(100); len(got) != 2 || len(found.asked) != 0 {
		t.Errorf("%q, asked %q: only what fires has evidence", got, found.asked)
	}
	r.tick(101)
	out := r.Eval(t.Context(), 102*second)
	if len(out.Events) != 2 || len(found.asked) != 1 || found.asked[0] != "used 42-102/1" {
		t.Fatalf("%q, asked %q: one query for a rule's alerts", brief(out.Events), found.asked)
	}
	for _, e := range out.Events {
		values := e.Alert.Evidence.Values
		if len(values) != 61 || values[0] != (Sample{42 * second, 42}) || values[60] != (Sample{102 * second, 102}) {
			t.Errorf("evidence of %s is %v", e.Alert.Labels, values)
		}
	}
	if a := r.Alerts(); len(a) != 2 || a[0].Evidence == nil {
		t.Errorf("the active alerts are %+v, want them with evidence", a)
	}
	r.tick(103)
	for _, e := range r.Eval(t.Context(), 105*second).Events {
		if e.Kind != KindResolved || e.Alert.Evidence != nil {
			t.Errorf("%s carries %v", e.Kind, e.Alert.Evidence)
		}
	}
	r.answers["used > bool 0"] = func(int64) ([]metric.Value, error) {
		return []metric.Value{{Labels: labels.FromStrings("disk", "1"), V: 1}}, nil // without the name
	}
	for at := int64(106); at < 140; at++ {
		for _, e := range r.Eval(t.Context(), at*second).Events {
			if e.Alert.Evidence == nil || len(e.Alert.Evidence.Values) != 3 {
				t.Errorf("%s carries %v, want a value for each of its evaluations", e.Alert.Labels, e.Alert.Evidence)
			}
		}
	}
	if r.Stats().Unproven != 0 || len(found.asked) != 2 {
		t.Errorf("%d alerts without evidence, asked %q", r.Stats().Unproven, found.asked)
	}
}

// An alert fires with its evidence or without it.
func TestEvidenceIsBounded(t *testing.T) {
	for name, tc := range map[string]struct {
		expr    string
		fires   int
		shows   []metric.Value
		fails   error
		without uint64
	}{
		"the query fails":        {"used > 0", 2, nil, errors.New("too many samples"), 2},
		"nothing is found":       {"used > 0", 2, nil, nil, 2},
		"too many fire":          {"used > 0", proofAlerts + 10, disks(proofAlerts + 10), nil, 10},
		"nothing can be shown":   {"used @ end() > 0", 2, disks(2), nil, 2},
		"nobody knows which one": {"used > 0", 1, append(disks(1), metric.Value{Labels: labels.FromStrings("disk", "0")}), nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			found := &ranges{answers: answers{"used": func(int64) ([]metric.Value, error) { return tc.shows, nil }}, fails: tc.fails}
			r := newRig(t, EngineOptions{Range: found}, RuleConfig{Name: "Full", Expr: tc.expr})
			r.answers[tc.expr] = func(int64) ([]metric.Value, error) { return disks(tc.fires), nil }
			out := r.Eval(t.Context(), 100*second)
			var without uint64
			for _, e := range out.Events {
				if e.Alert.Evidence == nil {
					without++
				}
			}
			if len(out.Events) != tc.fires || without != tc.without || r.Stats().Unproven != tc.without {
				t.Errorf("%d events, %d without evidence, %d counted; want %d and %d", len(out.Events), without, r.Stats().Unproven, tc.fires, tc.without)
			}
		})
	}
}

// The journal has the evidence once, and gives it back to the alert that it is of.
func TestEvidenceIsKept(t *testing.T) {
	l, _ := openLog(t, t.TempDir())
	firing := sampleEvent()
	firing.Kind, firing.Delivery, firing.Durable = KindFiring, nil, false
	firing.Alert.Evidence = &Evidence{Values: []Sample{{T: 1763683199000, V: math.Inf(1)}, {T: 1763683200000, V: 93.2}}}
	told := sampleEvent()
	told.Kind, told.Delivery, told.Alert.Evidence = KindNotified, &Delivery{Hook: "ops", Of: 1, Attempts: 1}, firing.Alert.Evidence
	done, err := l.Append(t.Context(), []Event{firing, told})
	if err != nil {
		t.Fatal(err)
	}
	read, err := l.Read(0, 10)
	if err != nil || len(read) != 2 {
		t.Fatalf("%d events, %v", len(read), err)
	}
	for _, events := range [][]Event{done, read} {
		if events[0].Alert.Evidence == nil || events[1].Alert.Evidence != nil {
			t.Errorf("evidence is %v and %v, want it at the firing alone", events[0].Alert.Evidence, events[1].Alert.Evidence)
		}
	}
	tracked := l.Tracked()
	if len(tracked) != 1 || len(tracked[0].Event.Alert.Evidence.Values) != 2 {
		t.Fatalf("tracked are %+v", tracked)
	}
	if a := restoreInstance(tracked[0]).alert("", 0); a.Evidence == nil {
		t.Errorf("the alert that goes on is %+v", a)
	}
}

// stuck is a history that does not answer in time.
type stuck struct{ asked atomic.Int64 }

func (s *stuck) Range(ctx context.Context, _ string, _, _, _ int64, _ func(labels.Labels, []promql.FPoint) error) error {
	s.asked.Add(1)
	<-ctx.Done()
	return ctx.Err()
}

func TestEvidenceTakesNoLongerThanItMay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &stuck{}
		rules := []RuleConfig{{Record: "r", Expr: "a"}, {Name: "Reads", Expr: "r"}}
		for i := range 20 {
			rules = append(rules, RuleConfig{Name: fmt.Sprint("A", i), Expr: "a"})
		}
		r := newRig(t, EngineOptions{Range: slow}, rules...)
		r.answers["a"], r.answers["r"] = always(1), always(1)
		began := time.Now()
		got := r.tick(100)
		if took := time.Since(began); len(got) != 21 || took != proofTime || slow.asked.Load() != 1 || r.Stats().Unproven != 21 {
			t.Errorf("%d events after %v, asked %d times, %d without evidence: what a tick may spend is spent once", len(got), took, slow.asked.Load(), r.Stats().Unproven)
		}
	})
}

// What fires at one tick is asked for beside each other, and each alert gets its own.
func TestEvidenceOfSeveralRules(t *testing.T) {
	found := &ranges{answers: answers{}}
	var rules []RuleConfig
	for i := range 9 {
		name := fmt.Sprint("m", i)
		rules = append(rules, RuleConfig{Name: "Is" + name, Expr: name + " > 0", Every: time.Duration(i+1) * time.Second})
		rules = append(rules, RuleConfig{Name: "Only" + name, Expr: "none" + name})
	}
	r := newRig(t, EngineOptions{Range: found}, rules...)
	for i := range 9 {
		name := fmt.Sprint("m", i)
		r.answers[name+" > 0"] = always(1, "__name__", name)
		found.answers[name] = always(1, "__name__", name)
	}
	out := r.Eval(t.Context(), 100*second)
	if len(out.Events) != 9 || len(found.asked) != 9 || r.Stats().Unproven != 0 {
		t.Fatalf("%q, asked %q", brief(out.Events), found.asked)
	}
	for _, e := range out.Events {
		var i int
		if _, err := fmt.Sscanf(e.Alert.Labels.Get("alertname"), "Ism%d", &i); err != nil {
			t.Fatal(err)
		}
		if e.Alert.Evidence == nil || len(e.Alert.Evidence.Values) != 60/(i+1)+1 {
			t.Errorf("%s carries %v", e.Alert.Labels, e.Alert.Evidence)
		}
	}
	if a := r.Alerts(); len(a) != 9 || a[4].Evidence == nil {
		t.Errorf("the active alerts are %+v, want them with evidence", a)
	}
}
