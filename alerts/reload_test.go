package alerts

import (
	"slices"
	"testing"
	"time"

	"monitord/metric"
)

// TestReloadKeepsState: whatever of a rule changes but its name, labels and
// expression, its alerts are as they were, and nobody is told anything.
func TestReloadKeepsState(t *testing.T) {
	base := RuleConfig{
		Name: "A", Expr: "a", For: 5 * time.Second, KeepFiringFor: 20 * time.Second, Labels: map[string]string{"team": "ops"},
		Flap: &Flap{Changes: 9, Window: time.Minute},
	}
	in := func(change func(*GroupConfig, *RuleConfig)) []GroupConfig {
		r, g := base, GroupConfig{Name: "test"}
		if change != nil {
			change(&g, &r)
		}
		g.Rules = append(g.Rules, r)
		return []GroupConfig{g}
	}
	for name, change := range map[string]func(*GroupConfig, *RuleConfig){
		"nothing":                    nil,
		"for":                        func(_ *GroupConfig, r *RuleConfig) { r.For = time.Hour },
		"no for":                     func(_ *GroupConfig, r *RuleConfig) { r.For = 0 },
		"keep_firing_for":            func(_ *GroupConfig, r *RuleConfig) { r.KeepFiringFor = time.Hour },
		"clear":                      func(_ *GroupConfig, r *RuleConfig) { r.Clear = "never" },
		"flap":                       func(_ *GroupConfig, r *RuleConfig) { r.Flap = &Flap{Changes: 7, Window: time.Hour} },
		"no flap":                    func(_ *GroupConfig, r *RuleConfig) { r.Flap = nil },
		"every":                      func(_ *GroupConfig, r *RuleConfig) { r.Every = 7 * time.Second },
		"interval of the group":      func(g *GroupConfig, _ *RuleConfig) { g.Interval = 9 * time.Second },
		"name and file of the group": func(g *GroupConfig, _ *RuleConfig) { g.Name, g.File = "other", "rules.d/other.toml" },
		"labels moved to the group":  func(g *GroupConfig, r *RuleConfig) { g.Labels, r.Labels = r.Labels, nil },
		"its place":                  func(g *GroupConfig, _ *RuleConfig) { g.Rules = []RuleConfig{{Name: "Before", Expr: "none"}} },
		"annotations and hooks": func(_ *GroupConfig, r *RuleConfig) {
			r.Annotations, r.Hooks = map[string]string{"summary": "new"}, []string{"ops"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, EngineOptions{})
			if faults := r.Load(in(nil)); len(faults) > 0 {
				t.Fatal(faults)
			}
			// "gone" fires and is kept firing since second 108, "new" is pending since 109.
			r.answers["a"] = func(at int64) ([]metric.Value, error) {
				var all []metric.Value
				for _, f := range []func(int64) ([]metric.Value, error){between(100, 107, "i", "gone"), between(109, 200, "i", "new")} {
					v, _ := f(at)
					all = append(all, v...)
				}
				return all, nil
			}
			r.expect(100, 110, map[int64][]string{
				100: {`pending A{i="gone", team="ops"}`}, 105: {`firing A{i="gone", team="ops"}`}, 109: {`pending A{i="new", team="ops"}`},
			})
			before := r.Alerts()
			if faults := r.Load(in(change)); len(faults) > 0 {
				t.Fatal(faults)
			}
			out := r.Eval(t.Context(), 111*second)
			if got := brief(out.Events); len(got) > 0 && !(name == "no for" && slices.Equal(got, []string{`firing A{i="new", team="ops"}`})) {
				t.Errorf("the reload made %q", got)
			}
			for i, a := range r.Alerts() {
				b := before[i]
				if !a.ActiveAt.Equal(b.ActiveAt) || (a.State != b.State || !a.StartsAt.Equal(b.StartsAt)) && name != "no for" {
					t.Errorf("alert was %+v and is %+v", b, a)
				}
			}
		})
	}
}

// TestReloadTakesEffect on alerts that are under way.
func TestReloadTakesEffect(t *testing.T) {
	rule := RuleConfig{Name: "A", Expr: "a", KeepFiringFor: time.Hour}
	r := newRig(t, EngineOptions{}, rule)
	r.answers["a"] = between(100, 102)
	r.expect(100, 110, map[int64][]string{100: {"firing A"}})
	rule.KeepFiringFor = 9 * time.Second // gone since 103
	r.Load(inGroup(rule))
	r.expect(111, 113, map[int64][]string{112: {"resolved A"}})
}

func TestLimits(t *testing.T) {
	r := newRig(t, EngineOptions{})
	if faults := r.Load([]GroupConfig{{Name: "g", Limit: 2, Prometheus: true, Rules: []RuleConfig{
		{Name: "A", Expr: "a", KeepFiringFor: 100 * time.Second}, {Record: "r", Expr: "a"},
	}}}); len(faults) > 0 {
		t.Fatal(faults)
	}
	n := 2
	r.answers["a"] = func(int64) ([]metric.Value, error) {
		var all []metric.Value
		for i := range n {
			v, _ := always(1, "i", string(rune('a'+i)))(0)
			all = append(all, v...)
		}
		return all, nil
	}
	r.expect(100, 101, map[int64][]string{100: {`firing A{i="a"}`, `firing A{i="b"}`}})
	n = 3
	r.expect(102, 103, map[int64][]string{102: {`resolved A{i="a"}`, `resolved A{i="b"}`}})
	for _, s := range r.Rules()[:2] {
		if s.LastError == nil || s.Failures != 2 {
			t.Errorf("%s: error %v after %d failures", s.Rule.Name, s.LastError, s.Failures)
		}
	}
	n = 1
	r.expect(104, 105, map[int64][]string{104: {`firing A{i="a"}`}})
	n = 0 // kept firing counts
	r.expect(106, 106, nil)
	if s := r.Rules()[0]; s.State != PhaseFiring || s.LastError != nil {
		t.Errorf("rule is %+v", s)
	}
}
