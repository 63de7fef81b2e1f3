package alerts

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// While a collector fails, the alerts that look at what it reads stay as they
// are, and say so.
func TestStale(t *testing.T) {
	all := metric.Unread{Names: []string{"load", "other"}}
	some := metric.Unread{Names: []string{"load"}, Labels: labels.FromStrings("disk", "b")}
	for name, tc := range map[string]struct {
		rule   RuleConfig
		lacks  metric.Unread
		failed [2]int64 // seconds in which the collector fails
		holds  [2]int64 // seconds in which the expression returns both disks
		want   map[int64][]string
		stale  map[int64]int // how many of the active alerts are
	}{
		"firing goes on": {
			RuleConfig{Name: "A", Expr: "load > 1"}, all, [2]int64{105, 110}, [2]int64{100, 104},
			map[int64][]string{100: {`firing A{disk="a"}`, `firing A{disk="b"}`}, 111: {`resolved A{disk="a"}`, `resolved A{disk="b"}`}},
			map[int64]int{104: 0, 105: 2, 110: 2},
		},
		"it is there again": {
			RuleConfig{Name: "A", Expr: "load > 1"}, all, [2]int64{105, 110}, [2]int64{100, 500},
			map[int64][]string{100: {`firing A{disk="a"}`, `firing A{disk="b"}`}},
			map[int64]int{105: 2, 110: 2, 111: 0},
		},
		"pending does not fire meanwhile, nor for that time": {
			RuleConfig{Name: "A", Expr: "load > 1", For: 8 * time.Second}, all, [2]int64{102, 110}, [2]int64{100, 101},
			map[int64][]string{100: {`pending A{disk="a"}`, `pending A{disk="b"}`}, 111: {`inactive A{disk="a"}`, `inactive A{disk="b"}`}},
			map[int64]int{105: 2},
		},
		"one mount does not answer": {
			RuleConfig{Name: "A", Expr: "load > 1"}, some, [2]int64{105, 110}, [2]int64{100, 104},
			map[int64][]string{100: {`firing A{disk="a"}`, `firing A{disk="b"}`}, 105: {`resolved A{disk="a"}`}, 111: {`resolved A{disk="b"}`}},
			map[int64]int{104: 0, 105: 1, 110: 1},
		},
		"of another metric": {
			RuleConfig{Name: "A", Expr: "free > 1"}, all, [2]int64{105, 110}, [2]int64{100, 104},
			map[int64][]string{100: {`firing A{disk="a"}`, `firing A{disk="b"}`}, 105: {`resolved A{disk="a"}`, `resolved A{disk="b"}`}},
			nil,
		},
		"a range fills up again": {
			RuleConfig{Name: "A", Expr: "rate(load[10s]) > 1"}, all, [2]int64{105, 108}, [2]int64{100, 104},
			map[int64][]string{100: {`firing A{disk="a"}`, `firing A{disk="b"}`}, 118: {`resolved A{disk="a"}`, `resolved A{disk="b"}`}},
			map[int64]int{105: 2, 112: 2},
		},
		"a short failure is nothing to a range": {
			RuleConfig{Name: "A", Expr: "rate(load[60s]) > 1"}, all, [2]int64{105, 108}, [2]int64{100, 104},
			map[int64][]string{100: {`firing A{disk="a"}`, `firing A{disk="b"}`}, 109: {`resolved A{disk="a"}`, `resolved A{disk="b"}`}},
			map[int64]int{105: 2, 109: 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, EngineOptions{}, tc.rule)
			r.answers[tc.rule.Expr] = func(at int64) ([]metric.Value, error) {
				if at < tc.holds[0]*second || at > tc.holds[1]*second || at >= tc.failed[0]*second && at <= tc.failed[1]*second {
					return nil, nil
				}
				return []metric.Value{{Labels: labels.FromStrings("disk", "a"), V: 1}, {Labels: labels.FromStrings("disk", "b"), V: 1}}, nil
			}
			for at := int64(99); at < 125; at++ {
				b := metric.Batch{T: at * second}
				if at >= tc.failed[0] && at <= tc.failed[1] {
					b.Unread = []metric.Unread{tc.lacks}
				}
				r.Observe(b)
				if got := r.tick(at); !slices.Equal(got, tc.want[at]) {
					t.Errorf("second %d: %q, want %q", at, got, tc.want[at])
				}
				stale := 0
				for _, a := range r.Alerts() {
					if a.Stale {
						stale++
					}
					if a.Stale != r.Engine.Stale(r.Rules()[0].Rule.ID, a.Fingerprint) {
						t.Errorf("second %d: two answers about %s", at, a.Labels)
					}
				}
				if want, ok := tc.stale[at]; ok && stale != want {
					t.Errorf("second %d: %d alerts are stale, want %d", at, stale, want)
				}
			}
		})
	}
}

// What a rule records of metrics that are not read is not there either.
func TestStaleThroughARecordingRule(t *testing.T) {
	r := newRig(t, EngineOptions{}, RuleConfig{Record: "load:max", Expr: "max(load)"}, RuleConfig{Name: "A", Expr: "load:max > 1"})
	up := true
	for _, expr := range []string{"max(load)", "load:max > 1"} {
		r.answers[expr] = func(int64) ([]metric.Value, error) {
			if !up {
				return nil, nil
			}
			return always(2)(0)
		}
	}
	r.expect(100, 101, map[int64][]string{100: {"firing A"}})
	up = false
	for at := int64(102); at < 110; at++ {
		r.Observe(metric.Batch{T: at * second, Unread: []metric.Unread{{Names: []string{"load"}}}})
		if got := r.tick(at); got != nil || !r.Alerts()[0].Stale {
			t.Fatalf("second %d: %q, %+v", at, got, r.Alerts())
		}
	}
	r.expect(110, 110, map[int64][]string{110: {"resolved A"}})
}

// An event while the collector fails is marked.
func TestStaleEventsSaySo(t *testing.T) {
	r := newRig(t, EngineOptions{}, RuleConfig{Name: "A", Expr: "rate(load[60s]) > 1", Every: time.Second, For: 3 * time.Second})
	r.answers["rate(load[60s]) > 1"] = always(2) // there is enough in the range
	for at := int64(100); at < 104; at++ {
		r.Observe(metric.Batch{T: at * second, Unread: []metric.Unread{{Names: []string{"load"}}}})
		for _, e := range r.Eval(t.Context(), at*second).Events {
			if !e.Alert.Stale {
				t.Errorf("%s at second %d is not marked", e.Kind, at)
			}
		}
	}
	if a := r.Alerts(); len(a) != 1 || a[0].State != PhaseFiring || !a[0].Stale {
		t.Errorf("alerts are %+v", a)
	}
}
