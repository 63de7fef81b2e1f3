package alerts

import (
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"monitord/metric"
)

// Queries of rules that depend on no other are made beside each other; what
// happens is as if they had been made one after the other.
func TestQueriesBesideEachOther(t *testing.T) {
	if runtime.GOMAXPROCS(0) == 1 {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2))
	}
	rules := []RuleConfig{{Record: "rec", Expr: "sum(x)"}, {Name: "OfRecorded", Expr: "max(rec) > 1"}}
	var want []string
	for i := range 6 {
		rules = append(rules, RuleConfig{Name: fmt.Sprint("A", i), Expr: fmt.Sprintf("abs(x%d) > 1", i)})
	}
	r := newRig(t, EngineOptions{}, rules...)
	r.o.Query = r.answers // not in turn
	met := make(chan bool)
	for i := range 6 {
		yes := always(2, "x", fmt.Sprint(i))
		want = append(want, fmt.Sprintf(`firing A%d{x="%d"}`, i, i))
		r.answers[rules[i+2].Expr] = func(at int64) ([]metric.Value, error) {
			if i >= 2 {
				return yes(at)
			}
			select { // the first two wait for each other
			case met <- true:
			case <-met:
			case <-time.After(10 * time.Second):
				t.Error("the first query ends before the second begins")
			}
			return yes(at)
		}
	}
	r.answers["sum(x)"] = always(3)
	r.answers["max(rec) > 1"] = func(at int64) ([]metric.Value, error) {
		if len(r.batches) == 0 || r.batches[len(r.batches)-1].T != at {
			t.Errorf("what is recorded at %d is not there for who reads it", at)
		}
		return always(3)(at)
	}
	if got := r.tick(100); !slices.Equal(got, append([]string{"firing OfRecorded"}, want...)) {
		t.Errorf("%q", got)
	}
	for _, s := range r.Rules() {
		if s.Evaluations != 1 && !s.Rule.BuiltIn {
			t.Errorf("%s was evaluated %d times", s.Rule.Name, s.Evaluations)
		}
	}
}
