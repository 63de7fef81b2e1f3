package trial

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/history"
	"monitord/metric"
)

const replayStart = int64(1763683200000) + 3434_000 // some minutes before an hour ends

// recordHistory writes ticks of up, three gauges that jump and a counter, with
// holes, and returns where.
func recordHistory(t *testing.T, rnd *rand.Rand, ticks int) string {
	t.Helper()
	dir := t.TempDir()
	db, err := history.Open(history.Options{Dir: dir, Config: history.DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	reg := metric.NewRegistry(labels.EmptyLabels())
	series := []*metric.Series{reg.Intern(labels.FromStrings("__name__", "up", "job", "node")), reg.Intern(labels.FromStrings("__name__", "c"))}
	for i := range 3 {
		series = append(series, reg.Intern(labels.FromStrings("__name__", "g", "n", fmt.Sprint(i))))
	}
	values := []float64{1, 0, 1, 2, 3}
	at := replayStart
	var ended []*metric.Series
	for range ticks {
		b := metric.Batch{T: at, Ended: ended}
		ended = nil
		values[1] += float64(rnd.IntN(5))
		for i, s := range series {
			if i >= 2 && rnd.IntN(20) == 0 {
				values[i] = float64(rnd.IntN(6))
			}
			if i >= 2 && values[i] == 5 { // it is away
				if rnd.IntN(3) == 0 {
					ended = append(ended, s)
				}
				continue
			}
			b.Points = append(b.Points, metric.Point{Series: s, V: values[i]})
		}
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
		switch rnd.IntN(150) {
		case 0:
			at += 1000 * int64(1+rnd.IntN(120)) // a hole
		case 1:
			at += 1000 * int64(1+rnd.IntN(8)) // an overload
		}
		at += 1000
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// randomRules returns rules that read samples, each other, and themselves if asked.
func randomRules(rnd *rand.Rand, feedback bool) []alerts.GroupConfig {
	pick := func(from ...string) string { return from[rnd.IntN(len(from))] }
	seconds := func(n int) time.Duration { return time.Duration(rnd.IntN(n)) * time.Second }
	var groups []alerts.GroupConfig
	for g := range 2 + rnd.IntN(2) {
		group := alerts.GroupConfig{Name: fmt.Sprint("g", g), Prometheus: rnd.IntN(2) == 0}
		if group.Prometheus {
			group.Interval, group.QueryOffset = seconds(8), seconds(2)
		}
		for i := range 1 + rnd.IntN(4) {
			expr := pick("g > 3", "g >= 2", "rate(c[10s]) > 2", "avg_over_time(g[1m]) > 2.5", "g", "absent(g{n=\"1\"})",
				"sum(g) > 7", "max_over_time(g[30s:5s]) > 4", "g offset 5s < 1", "g @ end() > 2", "r0 > 2", "r1 < 1", "avg_over_time(r0[20s]) > 2", "changes(g[1m]) > 3",
				"g{n=\"1\"} and on() (c > 1000)", "up == 0", "vector(1)", "{__name__=~\"g|c\"} > 4", "g + on() group_left() up")
			if feedback && rnd.IntN(3) == 0 {
				own := fmt.Sprintf("g offset 5s < 3 or ALERTS{alertname=\"A%d%d\"}", g, i)
				expr = pick("g > 3 and on (n) ("+own+")", "g > 4 and on (n) ("+own+")", "count(ALERTS) > 2", "ALERTS{alertname=\"A00\"}", "r0 offset 3s or g", "time() - ALERTS_FOR_STATE > 20", "{n=\"2\"} > 3")
			}
			c := alerts.RuleConfig{Expr: expr, Every: seconds(4)}
			if group.Prometheus {
				c.Every = 0
			}
			if rnd.IntN(3) == 0 {
				c.Record = fmt.Sprint("r", rnd.IntN(3))
				c.Labels = map[string]string{"rule": fmt.Sprintf("%d%d", g, i)}
			} else {
				c.Name, c.For, c.KeepFiringFor = fmt.Sprintf("A%d%d", g, i), seconds(12), seconds(12)*time.Duration(rnd.IntN(2))
				if rnd.IntN(3) == 0 {
					c.Clear = pick("g < 1", "up", "g", "rate(c[10s]) < 1", "r0 < 2", "avg_over_time(g[20s]) < 2", "g @ end() < 2")
				}
				if rnd.IntN(5) == 0 {
					c.Flap = &alerts.Flap{Changes: 4, Window: time.Minute}
				}
				c.Labels = map[string]string{"v": pick("", "x", "{{ $labels.n }}")}
			}
			group.Rules = append(group.Rules, c)
		}
		groups = append(groups, group)
	}
	return groups
}

func openRecorded(t *testing.T, dir string, keep time.Duration) *history.DB {
	t.Helper()
	db, err := history.OpenReadOnly(t.Context(), history.ReadOptions{Dir: dir, Keep: keep})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// stepLive has one engine with all rules evaluate every tick, as the daemon does, from
// as early on as a replay does.
func stepLive(t *testing.T, dir string, rules []*alerts.Rule, from, to int64) *Result {
	t.Helper()
	db := openRecorded(t, dir, Keep(rules))
	res := &Result{From: from, To: to}
	byRule := make(map[string]*firings)
	var stages []*stage
	for _, r := range rules {
		s := &stage{rule: r, place: len(stages), db: db, read: true, result: newFirings(r, res), reach: r.Fill() + r.Group.QueryOffset + db.Lookback()}
		s.look()
		byRule[r.ID] = s.result
		stages = append(stages, s)
	}
	begin := from - warmUp(plan(slices.Clone(stages))).Milliseconds()
	db.Hide(hides(stages), begin)
	engine, err := alerts.NewEngine(alerts.EngineOptions{
		Query: db, Registry: metric.NewRegistry(labels.EmptyLabels()), Append: stages[0].append,
		Interval: time.Second, Log: slog.New(slog.DiscardHandler), Timeout: -1, // as in the replay
		Evaluated: func(r *alerts.Rule, fingerprint string, s alerts.State) { byRule[r.ID].evaluated(r, fingerprint, s) },
	})
	if err != nil {
		t.Fatal(err)
	}
	engine.Use(rules)
	for _, s := range stages {
		s.read = true
	}
	ticks, err := db.Ticks(t.Context(), begin, to)
	if err != nil {
		t.Fatal(err)
	}
	res.count(ticks, time.Second)
	for _, at := range ticks {
		for _, s := range stages {
			s.result.tick(at)
		}
		for _, e := range engine.Eval(t.Context(), at).Events {
			byRule[e.Rule].take([]alerts.Event{e})
		}
	}
	for i, s := range engine.Rules() {
		f := stages[i].result
		for _, firing := range f.open {
			firing.Still = true
			f.ended(firing, res.Last)
		}
		if !s.Rule.Recording {
			for _, a := range s.Alerts {
				if a.State == alerts.PhasePending {
					f.total.Pending++
				}
			}
			res.Totals = append(res.Totals, f.total)
		}
	}
	res.sort()
	return res
}

// TestReplayIsWhatTheDaemonDoes: whatever the rules and the history, the replay by
// the hour gives what an engine gives that evaluates all rules at each tick.
func TestReplayIsWhatTheDaemonDoes(t *testing.T) {
	firings, rules, back, before := 0, 0, 0, 0
	for seed := range uint64(4) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		dir := recordHistory(t, rnd, 250)
		for range 2 {
			compiled, faults := alerts.Compile(randomRules(rnd, seed%3 == 0), time.Second)
			for _, f := range faults {
				t.Fatal(f)
			}
			from, to := replayStart+rnd.Int64N(120_000), replayStart+3600_000
			want := stepLive(t, dir, compiled, from, to)
			r := &Replay{History: openRecorded(t, dir, Keep(compiled)), Rules: compiled, From: from, To: to, Interval: time.Second}
			got, err := r.Run(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			got.Failed = nil
			if !reflect.DeepEqual(got.Totals, want.Totals) {
				for i := range got.Totals {
					if got.Totals[i] != want.Totals[i] {
						t.Errorf("seed %d: replay %+v, live %+v", seed, got.Totals[i], want.Totals[i])
					}
				}
			}
			if len(got.Firings) == len(want.Firings) && !reflect.DeepEqual(got, want) {
				t.Errorf("seed %d: replay and live differ\n%+v\n%+v", seed, got, want)
			}
			if t.Failed() {
				for _, r := range compiled {
					t.Logf("%v %s %s every %v for %v of %s %v", r.Recording, r.Name, r.Expr, r.Every, r.For, r.Group.Name, r.Labels)
				}
				return
			}
			firings, rules = firings+len(got.Firings), rules+len(compiled)
			for _, f := range got.Firings {
				if f.Before {
					before++
				}
			}
			if s, err := r.stages(&Result{}); err == nil && slices.ContainsFunc(plan(s), func(b *block) bool { return b.feeds }) {
				back++
			}
		}
	}
	t.Logf("%d rules, %d firings, %d from before, %d sets with rules that feed back", rules, firings, before, back)
	if firings < 40 || before == 0 || back == 0 || back > 6 {
		t.Errorf("%d firings, %d of 8 sets with rules that feed back: the rules test nothing", firings, back)
	}
}
