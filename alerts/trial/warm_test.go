package trial

import (
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/history"
	"monitord/metric"
)

// TestWhatIsActiveBefore: a replay knows what was pending, firing and held when the
// time it is asked for begins.
func TestWhatIsActiveBefore(t *testing.T) {
	dir := t.TempDir()
	db, err := history.Open(history.Options{Dir: dir, Config: history.DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	reg := metric.NewRegistry(labels.EmptyLabels())
	up, v := reg.Intern(labels.FromStrings("__name__", "up")), reg.Intern(labels.FromStrings("__name__", "v"))
	at := func(second int) int64 { return replayStart + int64(second)*1000 }
	for i := range 600 {
		value := 0.0
		switch {
		case i >= 100 && i < 320:
			value = 9
		case i >= 320 && i < 400:
			value = 5
		}
		if err := db.Append(metric.Batch{T: at(i), Points: []metric.Point{{Series: up, V: 1}, {Series: v, V: value}}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	minute := time.Minute
	for name, tc := range map[string]struct {
		rules []alerts.RuleConfig
		want  Firing // Active and Labels aside
		none  bool
	}{
		"firing":    {rules: []alerts.RuleConfig{{Expr: "v > 3", For: minute}}, want: Firing{Start: at(300), End: at(400), Before: true, Peak: 9}},
		"peak":      {rules: []alerts.RuleConfig{{Expr: "v > 3 and v < 6 or v > 100", For: 10 * time.Second}}, want: Firing{Start: at(330), End: at(400), Peak: 5}},
		"pending":   {rules: []alerts.RuleConfig{{Expr: "v > 3", For: 250 * time.Second}}, want: Firing{Start: at(350), End: at(400), Peak: 5}},
		"kept":      {rules: []alerts.RuleConfig{{Expr: "v > 8", KeepFiringFor: 10 * minute}}, want: Firing{Start: at(300), End: at(599), Before: true, Still: true, Peak: 9}},
		"held":      {rules: []alerts.RuleConfig{{Expr: "v > 8 and v offset 150s < 1", KeepFiringFor: 2 * minute}}, want: Firing{Start: at(300), End: at(370), Before: true, Peak: 9}},
		"cleared":   {rules: []alerts.RuleConfig{{Expr: "v > 8", Clear: "v < 3"}}, want: Firing{Start: at(300), End: at(400), Before: true, Peak: 9}},
		"recording": {rules: []alerts.RuleConfig{{Record: "r", Expr: "v"}, {Expr: "min_over_time(r[3m]) > 8 and count_over_time(r[3m]) > 170"}}, want: Firing{Start: at(300), End: at(320), Before: true, Peak: 9}},
		"over":      {rules: []alerts.RuleConfig{{Expr: "v == 9 and v offset 100s == 0", For: 150 * time.Second}}, none: true},
	} {
		t.Run(name, func(t *testing.T) {
			for i := range tc.rules {
				tc.rules[i].Every = time.Second
				if tc.rules[i].Record == "" {
					tc.rules[i].Name = "A"
				}
			}
			rules, faults := alerts.Compile([]alerts.GroupConfig{{Rules: tc.rules}}, time.Second)
			for _, f := range faults {
				t.Fatal(f)
			}
			var wanted []*alerts.Rule
			for _, r := range rules {
				if !r.BuiltIn {
					wanted = append(wanted, r)
				}
			}
			r := &Replay{History: openRecorded(t, dir, Keep(wanted)), Rules: wanted, From: at(300), To: at(700), Interval: time.Second}
			res, err := r.Run(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if res.Ticks != 300 || res.First != at(300) {
				t.Errorf("%d ticks from %d", res.Ticks, res.First)
			}
			if tc.none {
				if len(res.Firings) > 0 || res.Totals[0].Firings+res.Totals[0].NeverFired+res.Totals[0].Pending > 0 {
					t.Errorf("%+v", res)
				}
				return
			}
			if len(res.Firings) != 1 {
				t.Fatalf("%+v", res.Firings)
			}
			got := res.Firings[0]
			if got.Start != tc.want.Start || got.End != min(tc.want.End, at(599)) || got.Before != tc.want.Before || got.Still != tc.want.Still || got.Peak != tc.want.Peak {
				t.Errorf("%+v, want %+v", got, tc.want)
			}
		})
	}
}
