package alerts

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

// A twin is an engine with a history of its own. Twins are given the same samples
// and the same rules; one of them may do without the query engine and ask for
// several rules at once, the other makes every query when its rule's turn comes.
type twin struct {
	t      *testing.T
	quick  bool
	db     *history.DB
	reg    *metric.Registry
	engine *Engine
	folded *fold // what a restart finds in the journal
	prev   map[string]*metric.Series
}

func newTwin(t *testing.T, quick bool) *twin {
	db, err := history.Open(history.Options{Dir: t.TempDir(), Config: history.DefaultConfig(), Lookback: worldLookback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return &twin{t: t, quick: quick, db: db, folded: newFold()}
}

// start is a start of the daemon, the history aside.
func (w *twin) start(groups []GroupConfig) {
	w.t.Helper()
	w.reg, w.prev = metric.NewRegistry(labels.EmptyLabels()), nil
	o := EngineOptions{
		Query: w.db, Registry: w.reg, Interval: time.Second, Log: slog.New(slog.DiscardHandler), Timeout: -1, // or a stall makes twins differ
		Tracked: w.folded.tracked(), LastTick: w.db.Last(), Settle: 2 * time.Second,
		Append: func(b metric.Batch) error {
			values, ended := make([]metric.Value, len(b.Points)), make([]labels.Labels, len(b.Ended))
			for i, p := range b.Points {
				values[i] = metric.Value{Labels: p.Series.Labels, V: p.V}
			}
			for i, s := range b.Ended {
				ended[i] = s.Labels
			}
			return w.db.AppendValues(b.T, values, ended)
		},
	}
	if w.quick {
		o.Lookback = worldLookback
	}
	var err error
	if w.engine, err = NewEngine(o); err != nil {
		w.t.Fatal(err)
	}
	w.load(groups)
}

func (w *twin) load(groups []GroupConfig) {
	w.t.Helper()
	if faults := w.engine.Load(groups); len(faults) > 0 {
		w.t.Fatal(faults)
	}
}

// tick takes samples, by their labels as text, and returns all that came of them
// and all that anyone could ask for now, a line each.
func (w *twin) tick(at int64, step time.Duration, samples map[string]float64) []string {
	w.t.Helper()
	b := metric.Batch{T: at, Step: step}
	now := make(map[string]*metric.Series)
	for _, text := range slices.Sorted(maps.Keys(samples)) {
		part := strings.Split(text, ",")
		s := w.reg.Intern(labels.FromStrings("__name__", part[0], "A", part[1], "x", part[2], "job", "node").WithoutEmpty())
		now[text] = s
		b.Points = append(b.Points, metric.Point{Series: s, V: samples[text]})
	}
	for _, text := range slices.Sorted(maps.Keys(w.prev)) {
		if now[text] == nil {
			b.Ended = append(b.Ended, w.prev[text])
		}
	}
	w.reg.Retire(b.Ended)
	w.prev = now
	_ = w.db.Append(b)
	w.engine.Observe(b)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	if w.quick {
		runtime.GOMAXPROCS(2)
	} else {
		runtime.GOMAXPROCS(1)
	}
	return append(w.outcome(w.engine.Eval(w.t.Context(), at)), w.state(at)...)
}

// outcome takes what came of a tick to what a restart finds, and tells it.
func (w *twin) outcome(out Outcome) []string {
	var all []string
	if out.Hole != nil {
		all = append(all, fmt.Sprint("hole ", *out.Hole))
		_ = w.folded.note(out.Hole.stored())
	}
	for _, e := range out.Events {
		e.Seq = w.folded.seq + 1
		w.folded.event(e)
		b, err := json.Marshal(e.Alert.Annotations)
		all = append(all, fmt.Sprint("event ", e.Seq, e.T, e.Kind, e.Rule, e.Alert.Labels, string(b), err,
			math.Float64bits(e.Alert.Value), e.Alert.ActiveAt, e.Alert.StartsAt, e.Alert.EndsAt, e.element, e.changes))
	}
	for _, n := range out.Notes {
		if err := w.folded.note(n.stored()); err != nil {
			w.t.Fatal(err)
		}
	}
	var written []string
	for _, p := range out.Batch.Points {
		written = append(written, fmt.Sprint("wrote ", p.Series.Labels, p.V))
	}
	for _, s := range out.Batch.Ended {
		written = append(written, fmt.Sprint("ended ", s.Labels))
	}
	slices.Sort(written)
	return append(all, written...)
}

// state is how the rules are doing and what the history has. What an error says may
// depend on the order in which the query engine comes upon things.
func (w *twin) state(at int64) []string {
	var all []string
	for _, s := range w.engine.Rules() {
		all = append(all, fmt.Sprint("rule ", s.Rule.Name, s.Rule.Expr, s.State, s.LastError != nil, s.Evaluations, len(s.Alerts)))
	}
	values, err := w.db.Instant(w.t.Context(), `{__name__=~".+"}`, at)
	for _, v := range values {
		all = append(all, fmt.Sprint("stored ", v.Labels, v.V))
	}
	return append(all, fmt.Sprint("stored ", err))
}

// wild makes expressions of every kind that there is, for any of which the engine
// may think that it needs no query.
type wild struct{ *rand.Rand }

func (w wild) of(list ...string) string { return list[w.IntN(len(list))] }

func (w wild) selector() string {
	e := w.of("a", "a", "b", "rec:1", "rec:2", "rec:3", "ALERTS", "ALERTS_FOR_STATE", `{__name__="a"}`, `{__name__=~"a|b"}`, `{job="node",x="1"}`)
	if !strings.HasPrefix(e, "{") && w.IntN(3) == 0 {
		e += w.of(`{x="1"}`, `{x!="1"}`, `{x=~"1|2"}`, `{A!~"1.*"}`, `{none=""}`, `{x="1",A=""}`, `{alertstate="firing"}`, `{}`)
	}
	return e
}

func (w wild) scalar() string {
	return w.of("0", "1", "-1", "2.5", "NaN", "Inf", "(1 + 1)", "-(3 ^ 2)", "(1 > bool 2)", "time() % 7", "scalar(a)", "scalar(b{x=\"1\"}) * 2", "pi()", "1e300", "5e-324", "(scalar(a) >= bool 1)")
}

func (w wild) vector(depth int) string {
	if depth == 0 {
		return w.selector()
	}
	inner := func() string { return w.vector(depth - 1) }
	compare := w.of(">", "<", ">=", "<=", "==", "!=", "> bool", "== bool", "<= bool")
	compute := w.of("+", "-", "*", "/", "%", "^", "atan2")
	match := w.of("", "", "", "on (x)", "on ()", "ignoring (x)", "ignoring ()", "on (x, A)", "ignoring (job) group_left ()", "on (x) group_right (A)", "on (x, A) group_left ()")
	switch w.IntN(16) {
	case 0, 1, 2:
		return "(" + inner() + ") " + compare + " " + w.scalar()
	case 3:
		return w.scalar() + " " + compare + " (" + inner() + ")"
	case 4:
		return "(" + inner() + ") " + compute + " " + w.scalar()
	case 5:
		return w.scalar() + " " + compute + " (" + inner() + ")"
	case 6, 7, 8:
		return "(" + inner() + ") " + w.of(compare, compute) + " " + match + " (" + inner() + ")"
	case 9, 10:
		return "(" + inner() + ") " + w.of("and", "or", "unless") + w.of("", "", " on (x)", " ignoring (A)", " on ()") + " (" + inner() + ")"
	case 11:
		return w.of("-", "+") + "(" + inner() + ")"
	case 12:
		return w.of("sum by (x) ", "max", "min without (A) ", "count", "group by (x, job) ", "avg by (A) ", "sum without (job) ") + "(" + inner() + ")"
	case 13:
		return w.of("abs", "ceil", "absent", "sgn", "timestamp", "sort", "exp") + "(" + inner() + ")"
	case 14:
		return w.of("rate(a[4s])", "changes(b[5s])", "avg_over_time(a[3s])", "max_over_time((a > 1)[4s:1s])", "a offset 2s", "b offset -1s", "a @ end()", "absent_over_time(b[3s])", "increase(rec:1[6s] offset 1s)")
	}
	return w.of("vector(1)", "vector(time() % 5)", "vector(scalar(a))", `label_replace(a, "x", "$1", "A", "(.*)")`, "("+inner()+")")
}

// groups makes two groups of rules that read of the samples and of each other.
func (w wild) groups() []GroupConfig {
	seconds := func(n int) time.Duration { return time.Duration(w.IntN(n)) * time.Second }
	var groups []GroupConfig
	for g := range 2 {
		c := GroupConfig{Name: fmt.Sprint("g", g), File: "twins", Prometheus: g == 1}
		if g == 1 {
			c.Interval, c.QueryOffset = seconds(3), time.Duration(w.IntN(2))*seconds(3)
		}
		for i := range 9 {
			r := RuleConfig{Expr: w.vector(w.IntN(4))}
			if i < 3 {
				r.Record = fmt.Sprint("rec:", w.IntN(3)+1)
				r.Labels = map[string]string{"by": fmt.Sprint(g, i)}
			} else {
				r.Name = fmt.Sprint("A", i)
				r.Every, r.For, r.KeepFiringFor = seconds(4), seconds(4)*time.Duration(w.IntN(2)), seconds(4)*time.Duration(w.IntN(2))
				r.Labels = map[string]string{"l": w.of("", "x", "{{ $labels.x }}", "{{ $value }}", `{{ query "count(a)" | first | value }}`)}
				r.Annotations = map[string]string{"s": w.of("", "{{ $value }}", `{{ range query "rec:1" }}{{ .Value }} {{ end }}`)}
				if w.IntN(5) == 0 {
					r.Clear = w.vector(w.IntN(3))
				}
				if w.IntN(5) == 0 {
					r.Flap = &Flap{Changes: 3, Window: 20 * time.Second}
				}
			}
			c.Rules = append(c.Rules, r)
		}
		groups = append(groups, c)
	}
	return groups
}

// TestTwins: whatever the rules, and whatever happens to samples, clock and
// daemon, it makes no difference which of a tick's queries are made at all, and
// which beside each other.
func TestTwins(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { compareTwins(t, seed, 60) })
	}
}

// compareTwins has twins live through a number of ticks.
func compareTwins(t *testing.T, seed uint64, ticks int) {
	t.Helper()
	rnd := wild{rand.New(rand.NewPCG(seed, 9))}
	quick, slow := newTwin(t, true), newTwin(t, false)
	groups := rnd.groups()
	quick.start(groups)
	slow.start(groups)
	at, samples, plains := int64(1763683200000), map[string]float64{}, 0
	for n := range ticks {
		by, step := int64(1000), time.Duration(0)
		switch rnd.IntN(40) {
		case 0:
			by = int64(2+rnd.IntN(20)) * 1000
		case 1, 2:
			by = int64(rnd.IntN(30)-15) * 1000
			step = time.Duration(by-1000) * time.Millisecond
		case 3:
			quick.start(groups)
			slow.start(groups)
		case 4:
			groups = rnd.groups()
			quick.load(groups)
			slow.load(groups)
		}
		at += by
		for _, text := range slices.Sorted(maps.Keys(samples)) {
			if samples[text] = oddValues[rnd.IntN(len(oddValues))]; rnd.IntN(12) == 0 {
				delete(samples, text)
			}
		}
		for range rnd.IntN(3) {
			samples[strings.Join([]string{rnd.of("a", "a", "b", "rec:1"), rnd.of("", "1", "2"), rnd.of("", "1", "2")}, ",")] = float64(rnd.IntN(9))
		}
		got, want := quick.tick(at, step, samples), slow.tick(at, step, samples)
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d, tick %d at %d:\n%s", seed, n, at, difference(got, want))
		}
		for _, tr := range quick.engine.trackers {
			if _, ok := quick.engine.current.evaluate(tr.rule.expr.plain, at); ok {
				plains++
			}
		}
	}
	if plains < ticks || quick.folded.seq < uint64(ticks) {
		t.Errorf("seed %d: %d evaluations without the query engine, %d events: that says little", seed, plains, quick.folded.seq)
	}
}

// difference is the lines that only one of the two has.
func difference(got, want []string) string {
	var all []string
	for _, line := range got {
		if !slices.Contains(want, line) {
			all = append(all, "without queries: "+line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			all = append(all, "with queries:    "+line)
		}
	}
	return strings.Join(all, "\n")
}
