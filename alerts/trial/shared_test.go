package trial

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"monitord/alerts"
)

// TestRulesThatWriteTheSame: two rules whose alerts have equal labels are taken through
// an hour one after the other, and of what the second one writes, the history keeps
// what lies behind. What reads it may differ from what the daemon did: that is said.
func TestRulesThatWriteTheSame(t *testing.T) {
	dir := recordHistory(t, rand.New(rand.NewPCG(1, 1)), 120)
	for name, reader := range map[string]string{"and are read": "ALERTS{alertname=\"A\"}", "and are not": "vector(1)"} {
		rules, faults := alerts.Compile([]alerts.GroupConfig{{Prometheus: true, Rules: []alerts.RuleConfig{
			{Name: "A", Expr: "vector(1) and on () (vector(time()) % 2 == 0)"},
			{Name: "A", Expr: "vector(1) and on () (vector(time()) % 3 == 0)"},
			{Name: "B", Expr: reader},
		}}}, time.Second)
		for _, f := range faults {
			t.Fatal(f)
		}
		r := &Replay{History: openRecorded(t, dir, Keep(rules)), Rules: rules, From: replayStart, To: replayStart + 3600_000, Interval: time.Second}
		res, err := r.Run(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		said := len(res.Failed) == 1 && res.Failed[0].Rule == "A" && errors.Is(res.Failed[0].Err, errNotKept)
		if said != (name == "and are read") || !said && len(res.Failed) > 0 {
			t.Errorf("%s: said %+v", name, res.Failed)
		}
	}
}
