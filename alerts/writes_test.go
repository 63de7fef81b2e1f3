package alerts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// written returns the points of a batch as "series value", sorted.
func written(b metric.Batch) []string {
	var all []string
	for _, p := range b.Points {
		all = append(all, fmt.Sprintf("%s %g", p.Series.Labels, p.V))
	}
	for _, s := range b.Ended {
		all = append(all, s.Labels.String()+" ended")
	}
	slices.Sort(all)
	return all
}

// writes evaluates at a second and returns what was written then, all batches of
// the tick together; it must be what the outcome says.
func (r *rig) writes(at int64) []string {
	r.t.Helper()
	before := len(r.batches)
	out := r.Eval(r.t.Context(), at*second)
	var all []string
	for _, b := range r.batches[before:] {
		if b.T != at*second {
			r.t.Errorf("a batch of second %d has time %d", at, b.T)
		}
		all = append(all, written(b)...)
	}
	slices.Sort(all)
	if got := written(out.Batch); !slices.Equal(got, all) {
		r.t.Errorf("second %d: the outcome has %q, the history got %q", at, got, all)
	}
	return all
}

func TestAlertsSeries(t *testing.T) {
	r := newRig(t, EngineOptions{}, RuleConfig{Name: "A", Expr: "a", Severity: "x", For: 2 * time.Second})
	r.answers["a"] = between(100, 103, "__name__", "a", "alertstate", "no", "h", "1")
	pending := `{__name__="ALERTS", alertname="A", alertstate="pending", h="1", severity="x"}`
	firing := `{__name__="ALERTS", alertname="A", alertstate="firing", h="1", severity="x"}`
	forState := `{__name__="ALERTS_FOR_STATE", alertname="A", alertstate="no", h="1", severity="x"}`
	for i, want := range [][]string{
		{pending + " 1", forState + " 100"},
		{pending + " 1", forState + " 100"},
		{firing + " 1", pending + " ended", forState + " 100"},
		{firing + " 1", forState + " 100"},
		{firing + " ended", forState + " ended"},
		nil,
	} {
		slices.Sort(want)
		if got := r.writes(100 + int64(i)); !slices.Equal(got, want) {
			t.Errorf("second %d:\n got %q\nwant %q", 100+i, got, want)
		}
	}
}

// TestAlertsSeriesOfWhatIsHeld: an alert that is kept firing, by keep_firing_for, by
// clear or by its flapping, is written as firing, active since when it was.
func TestAlertsSeriesOfWhatIsHeld(t *testing.T) {
	on := between(100, 101)
	for name, rule := range map[string]RuleConfig{
		"keep_firing_for": {Name: "A", Expr: "a", KeepFiringFor: 5 * time.Second},
		"clear":           {Name: "A", Expr: "a", Clear: "c"},
		"flap":            {Name: "A", Expr: "a", Flap: &Flap{Changes: 2, Window: 7 * time.Second}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, EngineOptions{}, rule)
			r.answers["a"] = on
			r.answers["c"] = between(107, 200)
			if name == "flap" { // fires at 98, resolves at 99, and flaps from 100 on
				r.answers["a"] = func(at int64) ([]metric.Value, error) {
					if at == 98*second {
						return always(1)(at)
					}
					return on(at)
				}
				r.expect(98, 99, map[int64][]string{98: {"firing A"}, 99: {"resolved A"}})
			}
			want := []string{`{__name__="ALERTS", alertname="A", alertstate="firing"} 1`, `{__name__="ALERTS_FOR_STATE", alertname="A"} 100`}
			for at := int64(100); at < 107; at++ {
				got := slices.DeleteFunc(r.writes(at), func(s string) bool { return strings.HasSuffix(s, " ended") })
				if !slices.Equal(got, want) {
					t.Errorf("second %d: got %q, want %q", at, got, want)
				}
			}
			r.writes(107)
			r.writes(108)
			if got := r.writes(109); len(got) > 0 {
				t.Errorf("at the end: %q", got)
			}
		})
	}
}

func TestSeldomRulesAreWrittenAtEveryTick(t *testing.T) {
	r := newRig(t, EngineOptions{},
		RuleConfig{Name: "A", Expr: "a", Every: 10 * time.Second}, RuleConfig{Record: "r", Expr: "b", Every: 10 * time.Second})
	evaluated := 0
	r.answers["a"] = always(1)
	r.answers["b"] = func(t int64) ([]metric.Value, error) {
		evaluated++
		return []metric.Value{{V: float64(evaluated)}}, nil
	}
	for at := int64(100); at < 130; at++ {
		if got := len(r.writes(at)); got != 3 {
			t.Fatalf("second %d: %d points, want ALERTS, ALERTS_FOR_STATE and the recorded one", at, got)
		}
	}
	if evaluated > 4 {
		t.Errorf("evaluated %d times in 30 s, want every 10 s", evaluated)
	}
}

func TestRecordingRules(t *testing.T) {
	r := newRig(t, EngineOptions{},
		RuleConfig{Name: "High", Expr: "job:x:sum > 1"},
		RuleConfig{Record: "job:x:sum", Expr: "sum(x)", Labels: map[string]string{"from": "rule", "drop": ""}},
		RuleConfig{Record: "job:x:twice", Expr: "2 * job:x:sum"},
	)
	seen := map[string]int{} // how many batches the history had when an expression was evaluated
	look := func(expr string, f func(int64) ([]metric.Value, error)) {
		r.answers[expr] = func(t int64) ([]metric.Value, error) {
			seen[expr] = len(r.batches)
			return f(t)
		}
	}
	look("sum(x)", between(100, 101, "job", "n", "drop", "me"))
	look("2 * job:x:sum", always(6, "job", "n"))
	look("job:x:sum > 1", func(int64) ([]metric.Value, error) { return nil, nil })
	want := []string{`{__name__="job:x:sum", from="rule", job="n"} 1`, `{__name__="job:x:twice", job="n"} 6`}
	if got := r.writes(100); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if seen["sum(x)"] != 0 || seen["2 * job:x:sum"] != 1 || seen["job:x:sum > 1"] != 1 {
		t.Errorf("batches in the history when evaluated: %v, want the recorded one before those that read it", seen)
	}
	r.writes(101)
	want = []string{`{__name__="job:x:sum", from="rule", job="n"} ended`, `{__name__="job:x:twice", job="n"} 6`}
	if got := r.writes(102); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestFailingRecordingRuleNeitherWritesNorEnds(t *testing.T) {
	r := newRig(t, EngineOptions{}, RuleConfig{Record: "r", Expr: "x"})
	r.answers["x"] = func(t int64) ([]metric.Value, error) {
		switch {
		case t < 102*second:
			return []metric.Value{{V: 1}}, nil
		case t < 104*second:
			return nil, errors.New("failed")
		}
		return nil, nil
	}
	for i, want := range [][]string{{`{__name__="r"} 1`}, {`{__name__="r"} 1`}, nil, nil, {`{__name__="r"} ended`}, nil} {
		if got := r.writes(100 + int64(i)); !slices.Equal(got, want) {
			t.Errorf("second %d: got %q, want %q", 100+i, got, want)
		}
	}
}

func TestRulesThatWriteTheSameSeries(t *testing.T) {
	r := newRig(t, EngineOptions{},
		RuleConfig{Record: "r", Expr: "x", Labels: map[string]string{"a": "1"}}, RuleConfig{Record: "r", Expr: "y"},
		RuleConfig{Record: "host_metric", Expr: "z"}, RuleConfig{Name: "A", Expr: "x"})
	r.o.Registry.Series(metric.NewDesc("host_metric", metric.Gauge, "", ""))
	r.answers["x"], r.answers["y"], r.answers["z"] = always(1), always(2, "a", "1"), always(3)
	want := []string{`{__name__="ALERTS", alertname="A", alertstate="firing"} 1`, `{__name__="ALERTS_FOR_STATE", alertname="A"} 100`, `{__name__="r", a="1"} 1`}
	if got := r.writes(100); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for i, want := range []string{"", "written by another", "written by another"} {
		err := r.Rules()[i].LastError
		if (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("rule %d: error %v, want %q", i, err, want)
		}
	}
	r.answers["y"] = always(2, "a", "2")
	r.writes(101)
	if err := r.Rules()[1].LastError; err != nil {
		t.Errorf("error %v remains", err)
	}
}

func TestAlertsSeriesOfEqualAlerts(t *testing.T) {
	r := newRig(t, EngineOptions{},
		RuleConfig{Name: "A", Expr: "x", Labels: map[string]string{"n": "1"}},
		RuleConfig{Name: "A", Expr: "y", Labels: map[string]string{"n": `{{ "1" }}`}})
	r.answers["x"], r.answers["y"] = between(100, 102), between(101, 104)
	r.expect(100, 106, map[int64][]string{
		100: {`firing A{n="1"}`}, 101: {`firing A{n="1"}`}, 103: {`resolved A{n="1"}`}, 105: {`resolved A{n="1"}`},
	})
	for _, b := range r.batches {
		seen := map[*metric.Series]bool{}
		for _, p := range b.Points {
			if seen[p.Series] {
				t.Errorf("%s twice in one batch", p.Series.Labels)
			}
			seen[p.Series] = true
		}
		if len(b.Ended) > 0 && b.T != 105*second {
			t.Errorf("ended at %d, want when the last of both ends", b.T)
		}
	}
}

func TestReloadEndsWhatRulesWrote(t *testing.T) {
	r := newRig(t, EngineOptions{}, RuleConfig{Record: "r", Expr: "x"})
	r.answers["x"] = always(1)
	r.writes(100)
	if faults := r.Load(nil); len(faults) > 0 {
		t.Fatal(faults)
	}
	if got, want := r.writes(101), []string{`{__name__="r"} ended`}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if s := r.o.Registry.Intern(labels.FromStrings("__name__", "r")); r.batches[0].Points[0].Series == s {
		t.Error("a series that ended was not retired")
	}
}

// TestTemplatesSeeWhatWasRecorded: a template's query finds what a rule before it
// wrote at the same tick, though its rule's expression does not look at that.
func TestTemplatesSeeWhatWasRecorded(t *testing.T) {
	r := newRig(t, EngineOptions{}, RuleConfig{Record: "m:r", Expr: "m"}, RuleConfig{
		Name: "A", Expr: "a", Annotations: map[string]string{"recorded": `{{ query "m:r" | first | value }}`},
	})
	r.answers["m"], r.answers["a"] = always(7), always(1)
	r.answers["m:r"] = func(at int64) ([]metric.Value, error) {
		if len(r.batches) == 0 {
			return nil, nil
		}
		last := r.batches[len(r.batches)-1]
		return []metric.Value{{V: last.Points[0].V}}, nil
	}
	out := r.Eval(t.Context(), 100*second)
	if got := out.Events[0].Alert.Annotations["recorded"]; got != "7" {
		t.Errorf("the template says %q", got)
	}
}
