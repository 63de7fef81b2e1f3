package alerts

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"monitord/metric"
)

func TestFigures(t *testing.T) {
	r := newRig(t, EngineOptions{})
	if faults := r.Load([]GroupConfig{
		{Name: "g", Prometheus: true, Rules: []RuleConfig{{Name: "A", Expr: "a"}, {Name: "A", Expr: "b"}, {Name: "B", Expr: "a"}}},
		{Name: "h", Rules: []RuleConfig{{Name: "A", Expr: "a"}, {Name: "C", Expr: "b"}}},
	}); len(faults) > 0 {
		t.Fatal(faults)
	}
	tocks := func(err error) func(int64) ([]metric.Value, error) { // takes as long as the clock needs to move
		return func(int64) ([]metric.Value, error) {
			for began := time.Now(); time.Since(began) == 0; {
				runtime.Gosched()
			}
			return nil, err
		}
	}
	r.answers["a"], r.answers["b"] = tocks(nil), tocks(errors.New("no luck"))
	r.tick(100)
	r.tick(101)
	for i, want := range []RuleFigure{
		{Group: "g", Rule: "A", Evaluations: 4, Failures: 2, Failing: true},
		{Group: "g", Rule: "B", Evaluations: 2},
		{Group: "h", Rule: "A", Evaluations: 2},
		{Group: "h", Rule: "C", Evaluations: 2, Failures: 2, Failing: true},
	} {
		got := r.Figures(100)[i]
		if got.Took <= 0 || got.Total < got.Took {
			t.Errorf("%s took %v of %v", got.Rule, got.Took, got.Total)
		}
		got.Took, got.Total = 0, 0
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	few := r.Figures(2)
	if len(few) != 3 || few[2].Group != "others" || !few[2].Failing || few[2].Evaluations < 5 {
		t.Errorf("two names and the rest are %+v", few)
	}
	r.answers["b"] = nil
	r.tick(102)
	if f := r.Figures(100)[0]; f.Failing || f.Failures != 2 {
		t.Errorf("after it worked again: %+v", f)
	}
}
