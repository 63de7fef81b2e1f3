package alerts

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// tracked is an alert of the rule as it was when the daemon stopped.
func tracked(t *testing.T, rule RuleConfig, phase Phase, activeAt, firingAt int64) Tracked {
	t.Helper()
	rules, faults := Compile(inGroup(rule), time.Second)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	ls := labels.FromStrings(labels.AlertName, rule.Name)
	kind := KindPending
	if phase == PhaseFiring {
		kind = KindFiring
	}
	return Tracked{Event: Event{
		Seq: 1, T: max(activeAt, firingAt) * second, Kind: kind, Rule: rules[0].ID, Hooks: []string{"before"},
		Alert: Alert{
			Fingerprint: Fingerprint(ls), State: phase, Labels: ls, Value: 7,
			ActiveAt: fromMillis(activeAt * second), StartsAt: fromMillis(firingAt * second),
		},
	}}
}

func TestStart(t *testing.T) {
	instant := RuleConfig{Name: "A", Expr: "x > 1", For: 10 * time.Second}
	ranged := RuleConfig{Name: "A", Expr: "rate(x[60s]) > 1", Every: time.Second}
	for name, tc := range map[string]struct {
		rule     RuleConfig
		phase    Phase
		active   int64 // since
		firing   int64
		lastTick int64
		settle   time.Duration
		holds    [2]int64 // seconds in which the expression returns it
		want     map[int64][]string
	}{
		"still firing: no event":                {rule: instant, phase: PhaseFiring, active: 80, firing: 90, lastTick: 99, holds: [2]int64{0, 500}},
		"it ended while the daemon was down":    {rule: instant, phase: PhaseFiring, active: 80, firing: 90, lastTick: 99, want: map[int64][]string{200: {"resolved A"}}},
		"collectors settle first":               {rule: instant, phase: PhaseFiring, active: 80, firing: 90, lastTick: 99, settle: 10 * time.Second, want: map[int64][]string{210: {"resolved A"}}},
		"and then it is there":                  {rule: instant, phase: PhaseFiring, active: 80, firing: 90, lastTick: 99, settle: 10 * time.Second, holds: [2]int64{205, 500}},
		"pending goes on where it was":          {rule: instant, phase: PhasePending, active: 95, lastTick: 99, holds: [2]int64{0, 500}, want: map[int64][]string{206: {"firing A"}}},
		"pending that ended":                    {rule: instant, phase: PhasePending, active: 95, lastTick: 99, want: map[int64][]string{200: {"inactive A"}}},
		"a range must be filled again":          {rule: ranged, phase: PhaseFiring, active: 80, firing: 90, lastTick: 99, want: map[int64][]string{260: {"resolved A"}}},
		"small as the hole may be":              {rule: ranged, phase: PhaseFiring, active: 80, firing: 90, lastTick: 195, want: map[int64][]string{260: {"resolved A"}}},
		"no hole, no wait":                      {rule: ranged, phase: PhaseFiring, active: 80, firing: 90, lastTick: 199, want: map[int64][]string{200: {"resolved A"}}},
		"a history that is gone must be filled": {rule: ranged, phase: PhaseFiring, active: 80, firing: 199, lastTick: 0, want: map[int64][]string{260: {"resolved A"}}},
		"a clock that was set back":             {rule: instant, phase: PhasePending, active: 500, lastTick: 503, holds: [2]int64{0, 500}, want: map[int64][]string{207: {"firing A"}}},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, EngineOptions{
				Tracked:  []Tracked{tracked(t, tc.rule, tc.phase, tc.active, tc.firing)},
				LastTick: tc.lastTick * second, Settle: tc.settle,
			}, tc.rule)
			r.answers[tc.rule.Expr] = between(tc.holds[0], tc.holds[1])
			r.expect(200, 270, tc.want)
		})
	}
}

func TestStartKeepsTimes(t *testing.T) {
	rule := RuleConfig{Name: "A", Expr: "x > 1", Annotations: map[string]string{"s": "{{ $value }}"}}
	r := newRig(t, EngineOptions{Tracked: []Tracked{tracked(t, rule, PhaseFiring, 80, 90)}, LastTick: 99 * second}, rule)
	r.answers["x > 1"] = between(200, 209)
	out := r.Eval(t.Context(), 200*second)
	if out.Hole == nil || *out.Hole != (Hole{From: 99 * second, To: 200 * second}) {
		t.Errorf("hole is %+v", out.Hole)
	}
	a := r.Alerts()[0]
	if a.ActiveAt.Unix() != 80 || a.StartsAt.Unix() != 90 || a.State != PhaseFiring || a.Annotations["s"] != "1" {
		t.Errorf("alert is %+v", a)
	}
	out = r.Eval(t.Context(), 210*second)
	if out.Hole != nil {
		t.Errorf("ten seconds on: hole %+v, want none", out.Hole)
	}
	if a := out.Events[0].Alert; out.Events[0].Kind != KindResolved || a.StartsAt.Unix() != 90 || a.EndsAt.Unix() != 210 {
		t.Errorf("resolved is %+v", out.Events)
	}
}

func TestStartWithoutTheRule(t *testing.T) {
	rule := RuleConfig{Name: "A", Expr: "x > 1"}
	r := newRig(t, EngineOptions{Tracked: []Tracked{tracked(t, rule, PhaseFiring, 80, 90)}, LastTick: 99 * second})
	out := r.Eval(t.Context(), 200*second)
	if got := brief(out.Events); len(got) != 1 || got[0] != "resolved A" {
		t.Fatalf("events %q, want resolved", got)
	}
	if e := out.Events[0]; len(e.Hooks) != 1 || e.Hooks[0] != "before" || e.Alert.StartsAt.Unix() != 90 {
		t.Errorf("event is %+v, want the hooks and times it had", e)
	}
	if got := r.tick(201); got != nil {
		t.Errorf("again: %q", got)
	}
}

func TestHolesWhileRunning(t *testing.T) {
	pending := RuleConfig{Name: "P", Expr: "p", For: 10 * time.Second}
	ranged := RuleConfig{Name: "R", Expr: "rate(x[60s])", Every: time.Second}
	r := newRig(t, EngineOptions{}, pending, ranged)
	r.answers["p"], r.answers["rate(x[60s])"] = between(104, 1000), between(0, 104)
	r.expect(0, 104, map[int64][]string{0: {"firing R"}, 104: {"pending P"}})
	// 20 s asleep: they do not count for P, and R says nothing until 60 s are full again.
	r.expect(124, 185, map[int64][]string{134: {"firing P"}, 184: {"resolved R"}})

	r = newRig(t, EngineOptions{}, pending, ranged)
	r.answers["p"], r.answers["rate(x[60s])"] = between(104, 1000), between(0, 104)
	r.expect(80, 104, map[int64][]string{80: {"firing R"}, 104: {"pending P"}})
	// The daemon had run for 24 s only: after as much time the range is as full as it was.
	r.expect(124, 150, map[int64][]string{134: {"firing P"}, 148: {"resolved R"}})

	r = newRig(t, EngineOptions{}, pending, ranged)
	r.answers["p"], r.answers["rate(x[60s])"] = between(104, 1000), between(0, 104)
	r.expect(80, 104, map[int64][]string{80: {"firing R"}, 104: {"pending P"}})
	// Five ticks left out are an overload, no hole.
	r.expect(110, 120, map[int64][]string{110: {"resolved R"}, 114: {"firing P"}})
}

func TestClockSetBackWhileRunning(t *testing.T) {
	pending := RuleConfig{Name: "P", Expr: "p", For: 10 * time.Second}
	firing := RuleConfig{Name: "F", Expr: "f"}
	ranged := RuleConfig{Name: "R", Expr: "rate(x[60s])", Every: time.Second}
	r := newRig(t, EngineOptions{Settle: 5 * time.Second, LastTick: 9000 * second}, pending, firing, ranged)
	on := true
	r.answers["p"], r.answers["f"] = always(1), func(t int64) ([]metric.Value, error) {
		if on {
			return []metric.Value{{V: 1}}, nil
		}
		return nil, nil
	}
	r.answers["rate(x[60s])"] = r.answers["f"]
	r.expect(10000, 10004, map[int64][]string{10000: {"pending P", "firing F", "firing R"}})
	// An hour back. P goes on counting, F resolves at once, R when its range is full,
	// all as if the clock had not moved.
	on = false
	r.expect(6404, 6470, map[int64][]string{6404: {"resolved F"}, 6410: {"firing P"}, 6460: {"resolved R"}})
}

// TestPiecesDoNotAddUp: an expression that selects nothing waits for no collector,
// so that what is pending over several starts in short pieces does not fire.
func TestPiecesDoNotAddUp(t *testing.T) {
	rule := RuleConfig{Name: "P", Expr: "vector(1)", For: 3 * time.Second}
	before := tracked(t, rule, PhasePending, 99, 0)
	r := newRig(t, EngineOptions{Settle: 10 * time.Second, LastTick: 101 * second, Tracked: []Tracked{before}}, rule)
	r.answers["vector(1)"] = between(106, 108)
	r.expect(105, 108, map[int64][]string{105: {"inactive P"}, 106: {"pending P"}})
}

// TestWhatBeganSinceTheStartEnds: collectors that have not read yet say nothing of
// an alert from before the start; what began since was read.
func TestWhatBeganSinceTheStartEnds(t *testing.T) {
	r := newRig(t, EngineOptions{Settle: 10 * time.Second}, RuleConfig{Name: "F", Expr: "f"},
		RuleConfig{Name: "K", Expr: "k", KeepFiringFor: 2 * time.Second})
	r.answers["f"], r.answers["k"] = between(101, 103), between(101, 103)
	r.expect(100, 120, map[int64][]string{101: {"firing F", "firing K"}, 104: {"resolved F"}, 106: {"resolved K"}})
}

// TestClockIsSetWhileRunning: what the clock was set by does not count for `for`, what
// passed does; and an expression that looks back neither fires nor resolves
// anything until its range is full of the time since.
func TestClockIsSetWhileRunning(t *testing.T) {
	const at = 10_000
	for _, step := range []int64{3600, -3600, 30, -30, 10 * 365 * 86400, -10 * 365 * 86400} {
		pending := RuleConfig{Name: "P", Expr: "p", For: 10 * time.Second}
		ended := RuleConfig{Name: "E", Expr: "e"}
		fires := RuleConfig{Name: "F", Expr: "rate(f[60s])", Every: time.Second}
		resolves := RuleConfig{Name: "R", Expr: "rate(r[60s])", Every: time.Second}
		start := max(-step, 0) + at
		r := newRig(t, EngineOptions{}, pending, ended, fires, resolves)
		// Before the clock is set, on the old times; behind, on the new ones.
		is := map[string]bool{"p": true, "e": true, "rate(f[60s])": false, "rate(r[60s])": true}
		for expr := range is {
			r.answers[expr] = func(int64) ([]metric.Value, error) {
				if is[expr] {
					return []metric.Value{{V: 1}}, nil
				}
				return nil, nil
			}
		}
		r.tick(start - 100)
		for i := start - 99; i < start-5; i++ {
			r.tick(i)
		}
		is["p"] = false
		r.tick(start - 5)
		is["p"] = true
		r.expect(start-4, start, map[int64][]string{start - 4: {"pending P"}})

		is["e"], is["rate(f[60s])"], is["rate(r[60s])"] = false, true, false
		now := start + 1 + step
		r.Observe(metric.Batch{T: now * second, Step: time.Duration(step) * time.Second})
		out := r.Eval(t.Context(), now*second)
		if got := brief(out.Events); len(got) != 1 || got[0] != "resolved E" {
			t.Errorf("%d s: at the step %q", step, got)
		}
		if h := out.Hole; h == nil || h.To-h.From != step*second {
			t.Errorf("%d s: hole %+v", step, h)
		}
		r.expect(now+1, now+100, map[int64][]string{now + 5: {"firing P"}, now + 60: {"firing F", "resolved R"}})
	}
}

// TestClockIsSetTwice: a range that had not filled up when the clock was set again
// fills up anew, for as long as it had been full before.
func TestClockIsSetTwice(t *testing.T) {
	rule := RuleConfig{Name: "F", Expr: "rate(f[60s])", Every: time.Second}
	r := newRig(t, EngineOptions{}, rule)
	r.expect(10_000, 10_100, nil)
	now := int64(10_100)
	for _, step := range []int64{3600, -3600} {
		now += 1 + step
		r.Observe(metric.Batch{T: now * second, Step: time.Duration(step) * time.Second})
		r.expect(now, now+5, nil)
		now += 5
	}
	r.answers[rule.Expr] = always(1)
	r.expect(now+1, now+70, map[int64][]string{now + 55: {"firing F"}})
}

func TestSmallHolesDoNotHoldUpLongRanges(t *testing.T) {
	long := RuleConfig{Name: "L", Expr: "rate(x[5m])", Every: time.Second}
	r := newRig(t, EngineOptions{}, long)
	r.answers["rate(x[5m])"] = between(0, 104)
	r.expect(100, 104, map[int64][]string{100: {"firing L"}})
	r.expect(119, 120, map[int64][]string{119: {"resolved L"}})
}

func TestPendingFromAfterTheStartIsNotKeptOverAbsences(t *testing.T) {
	rule := RuleConfig{Name: "A", Expr: "x > 1", For: 7 * time.Second}
	r := newRig(t, EngineOptions{LastTick: 99 * second, Settle: 30 * time.Second}, rule)
	r.answers[rule.Expr] = between(200, 204)
	r.expect(200, 230, map[int64][]string{200: {"pending A"}, 205: {"inactive A"}})
}

// What is recorded from a range is no surer after a hole than the range.
func TestRangesOfWhatIsRecorded(t *testing.T) {
	alert := RuleConfig{Name: "A", Expr: "rec > 1"}
	for name, tc := range map[string]struct {
		rules []RuleConfig
		ends  int64
	}{
		"from what is current":        {[]RuleConfig{{Record: "rec", Expr: "x"}, alert}, 200},
		"from a range":                {[]RuleConfig{{Record: "rec", Expr: "rate(x[60s])"}, alert}, 260},
		"from what is recorded later": {[]RuleConfig{{Record: "rec", Expr: "sum(rec:x)"}, {Record: "rec:x", Expr: "rate(x[60s])"}, alert}, 200},
		"in turn":                     {[]RuleConfig{{Record: "rec:x", Expr: "rate(x[60s] offset 5s)"}, {Record: "rec", Expr: "max_over_time(rec:x[20s])"}, alert}, 285},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, EngineOptions{Tracked: []Tracked{tracked(t, alert, PhaseFiring, 80, 90)}, LastTick: 99 * second}, tc.rules...)
			r.expect(200, 300, map[int64][]string{tc.ends: {"resolved A"}})
		})
	}
}
