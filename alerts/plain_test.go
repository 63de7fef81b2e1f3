package alerts

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

func TestPlainExpressions(t *testing.T) {
	for expr, want := range map[string]bool{
		`a`: true, `a > 1`: true, `1 < a`: true, `a{x="1",y!~"z.*"} == -1`: true, `{__name__="a"} >= 1e3`: true,
		`(a) != +Inf`: true, `a != NaN`: true, `a > bool 1`: true, `a / 1024 > 4 * 3600`: true, `-a < -(2 ^ 10)`: true,
		`a > 1 < 5`: true, `+a`: true, `a @ 5`: false, `a offset 1s`: false, `a offset -1s > 1`: false, `a > b`: true, `a > on (x) b`: false, `a / ignoring (x) b`: false,
		`{x="1"}`: false, `{__name__=~"a"} > 1`: false, `rate(a[1m]) > 1`: false, `a > 1 and b > 1`: true, `a unless b`: true, `a and on () b`: false, `a * on (x) group_left b`: false, `(a - b) / a * 100 > 90`: true, `a + rate(b[1m])`: false, `sum(a) > 1`: false,
		`abs(a) > 1`: false, `a > scalar(b)`: false, `a > time()`: true, `time() - a > 60 * 60`: true, `a * 0 + time() % 2 < bool -time()`: true, `time() > bool 5`: false, `a > hour()`: false, `vector(1) > 1`: false, `1 > bool 0`: false, `a[1m:10s]`: false,
		`a @ start()`: false, `a > 1 or vector(1)`: false, `a > pi()`: false, `absent(a)`: false,
	} {
		e, err := parseExpression(expr)
		if err != nil && expr != `a[1m:10s]` {
			t.Fatal(err)
		}
		if got := e.plain != nil; got != want {
			t.Errorf("%s: plain is %v, want %v", expr, got, want)
		}
	}
}

// oddValues are what comparisons and arithmetic may trip over.
var oddValues = []float64{0, math.Copysign(0, -1), 1, -1, 2, 0.1, 5, 1e300, math.NaN(), math.Inf(1), math.Inf(-1)}

// A world is a history and the table of current values beside it, both fed with
// the same: batches, results of rules, holes, steps of the clock, restarts. What
// happens in it is the seed's alone: series are kept in lists, not in maps.
type world struct {
	rnd     *rand.Rand
	db      *history.DB
	reg     *metric.Registry
	descs   []*metric.Desc
	current *current
	t       int64
	prev    []*metric.Series
	written []*metric.Series
}

const worldLookback = 8 * time.Second

func newWorld(t *testing.T, seed uint64) *world {
	db, err := history.Open(history.Options{Dir: t.TempDir(), Config: history.DefaultConfig(), Lookback: worldLookback})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &world{
		rnd: rand.New(rand.NewPCG(seed, 1)), db: db, t: 1763683200000,
		reg:     metric.NewRegistry(labels.FromStrings("instance", "web1", "job", "node")),
		current: newCurrent(worldLookback, db.Last()),
	}
	for _, name := range []string{"a", "b", "c:d"} {
		w.descs = append(w.descs, metric.NewDesc(name, metric.Gauge, "", "", "A", "x"))
	}
	return w
}

func (w *world) value() float64 {
	if w.rnd.IntN(3) == 0 {
		return float64(w.rnd.IntN(20)) / 4
	}
	return oddValues[w.rnd.IntN(len(oddValues))]
}

// tick moves the time on and stores a batch and what rules would write.
func (w *world) tick() {
	step, set := int64(1000), time.Duration(0)
	switch w.rnd.IntN(30) {
	case 0:
		step = int64(2+w.rnd.IntN(12)) * 1000
	case 1:
		step = -int64(w.rnd.IntN(6)) * 1000
		set = time.Duration(step-1000) * time.Millisecond
	case 3:
		step = int64(2+w.rnd.IntN(5)) * 1000
		set = time.Duration(step-1000) * time.Millisecond
	case 2: // a restart
		w.current = newCurrent(worldLookback, w.db.Last())
		w.written = nil
	}
	w.t += step
	b := metric.Batch{T: w.t, Step: set}
	var now []*metric.Series
	for _, s := range w.prev {
		if w.rnd.IntN(15) > 0 {
			now = append(now, s)
		} else {
			b.Ended = append(b.Ended, s)
		}
	}
	for range w.rnd.IntN(3) {
		values := []string{"", "1", "2"}
		s := w.reg.Series(w.descs[w.rnd.IntN(2)], values[w.rnd.IntN(3)], values[w.rnd.IntN(3)])
		if i := slices.Index(b.Ended, s); i >= 0 {
			b.Ended = slices.Delete(b.Ended, i, i+1)
		}
		if !slices.Contains(now, s) {
			now = append(now, s)
		}
	}
	w.rnd.Shuffle(len(now), func(i, j int) { now[i], now[j] = now[j], now[i] })
	for _, s := range now {
		b.Points = append(b.Points, metric.Point{Series: s, V: w.value()})
	}
	if w.rnd.IntN(2) == 0 { // mostly the sampler keeps its order, and the table stands on that
		slices.SortFunc(b.Points, func(a, b metric.Point) int { return labels.Compare(a.Series.Labels, b.Series.Labels) })
	}
	w.reg.Retire(b.Ended)
	w.prev = now
	_ = w.db.Append(b)
	if w.rnd.IntN(40) > 0 { // else nobody shows the tick to the table
		w.current.observe(b)
	}
	w.current.begin(w.t)
	w.results()
}

func (w *world) results() {
	b := metric.Batch{T: w.t}
	for range w.rnd.IntN(3) {
		ls := labels.FromStrings("__name__", []string{"c:d", "a", "ALERTS"}[w.rnd.IntN(3)], "x", fmt.Sprint(w.rnd.IntN(3)), "instance", "web1", "job", "node")
		if w.rnd.IntN(20) == 0 {
			lb := labels.NewBuilder(ls)
			ls = lb.Set("__unit__", "s").Labels()
		}
		s := w.reg.Intern(ls)
		if !slices.ContainsFunc(b.Points, func(p metric.Point) bool { return p.Series == s }) {
			b.Points = append(b.Points, metric.Point{Series: s, V: w.value()})
			if !slices.Contains(w.written, s) {
				w.written = append(w.written, s)
			}
		}
	}
	w.written = slices.DeleteFunc(w.written, func(s *metric.Series) bool {
		written := slices.ContainsFunc(b.Points, func(p metric.Point) bool { return p.Series == s })
		if written || slices.Contains(w.prev, s) || w.rnd.IntN(5) > 0 {
			return false
		}
		b.Ended = append(b.Ended, s)
		return true
	})
	var values []metric.Value
	var ended []labels.Labels
	for _, p := range b.Points {
		values = append(values, metric.Value{Labels: p.Series.Labels, V: p.V})
	}
	for _, s := range b.Ended {
		ended = append(ended, s.Labels)
	}
	w.current.results(b)
	_ = w.db.AppendValues(w.t, values, ended)
	w.reg.Retire(b.Ended)
}

func (w *world) number() string {
	return []string{"0", "-0", "1", "-1", "2.5", "NaN", "Inf", "-Inf", "(1 + 1)", "-(3 ^ 2)", "5 % 3", "(1 > bool 2)", "1e300", "time()", "-(time() % 7)"}[w.rnd.IntN(15)]
}

func (w *world) expr() string {
	e := []string{"a", "b", "c:d", "ALERTS", "nothing"}[w.rnd.IntN(5)]
	var ms []string
	for range w.rnd.IntN(3) {
		ms = append(ms, []string{`x="1"`, `x!="1"`, `x=""`, `x!=""`, `A=~"1|2"`, `A!~"1.*"`, `job="node"`, `none=""`, `none=~".+"`}[w.rnd.IntN(9)])
	}
	if len(ms) > 0 {
		e += "{" + strings.Join(ms, ",") + "}"
	}
	for range w.rnd.IntN(3) {
		op := []string{">", "<", ">=", "<=", "==", "!=", "> bool", "== bool", "+", "-", "*", "/", "%", "^", "atan2"}[w.rnd.IntN(15)]
		switch w.rnd.IntN(7) {
		case 0:
			e = "-(" + e + ")"
		case 6:
			if op = []string{op, op, "and", "unless"}[w.rnd.IntN(4)]; w.rnd.IntN(2) == 0 {
				e = "(" + e + ") " + op + " (" + w.expr() + ")"
			} else {
				e = "(" + w.expr() + ") " + op + " (" + e + ")"
			}
		case 1, 2:
			e = w.number() + " " + op + " (" + e + ")"
		default:
			e = "(" + e + ") " + op + " " + w.number()
		}
	}
	return e
}

// What is evaluated without the query engine has the engine's result, to the bit.
func TestPlainIsWhatTheEngineSays(t *testing.T) {
	known, asked, found, clashes, pairs := 0, 0, 0, 0, 0
	for seed := range uint64(4) {
		w := newWorld(t, seed)
		kept := map[string]*plain{} // rules are evaluated again and again, and what they select is kept
		for range 400 {
			w.tick()
			for i := range 8 {
				text := w.expr()
				if i < 3 && len(kept) > 0 {
					text = slices.Sorted(maps.Keys(kept))[w.rnd.IntN(len(kept))]
				}
				p := kept[text]
				if p == nil {
					e, err := parseExpression(text)
					if err != nil || e.plain == nil {
						t.Fatalf("%s: %v, plain is %v", text, err, e.plain)
					}
					p = e.plain
					if len(kept) < 40 {
						kept[text] = p
					}
				}
				asked++
				want, err := w.db.Instant(t.Context(), text, w.t)
				got, ok := w.current.evaluate(p, w.t)
				if !ok {
					if w.current.knows(w.t) {
						clashes++
					}
					continue
				}
				known++
				if p.pair != nil {
					pairs += len(got)
				}
				found += len(got)
				if err != nil || !sameValues(got, want) {
					t.Fatalf("seed %d at %d: %s\n got %v\nwant %v, %v", seed, w.t, text, got, want, err)
				}
			}
		}
	}
	t.Logf("%d of %d evaluations without the engine, %d elements, %d of them of pairs, %d left to it for equal labels", known, asked, found, pairs, clashes)
	if known < asked/4 || found < known/2 || pairs < known/50 {
		t.Errorf("only %d of %d evaluations without the engine, %d elements", known, asked, found)
	}
}

func sameValues(a, b []metric.Value) bool {
	return slices.EqualFunc(a, b, func(a, b metric.Value) bool {
		return labels.Equal(a.Labels, b.Labels) &&
			(math.Float64bits(a.V) == math.Float64bits(b.V) || math.IsNaN(a.V) && math.IsNaN(b.V))
	})
}

// What has ended is not held.
func TestCurrentHoldsWhatLives(t *testing.T) {
	w := newWorld(t, 1)
	for range 300 {
		w.tick()
	}
	live := 0
	for name, f := range w.current.metrics {
		live += len(f.readings)
		for _, r := range f.readings {
			if r.series.Labels.Get(model.MetricNameLabel) != name || w.current.find(r.series.Labels.Hash(), r.series) != r {
				t.Errorf("%s stands under %s", r.series.Labels, name)
			}
		}
	}
	if live != len(w.current.byHash) || live > 60 {
		t.Errorf("%d readings in families, %d in all", live, len(w.current.byHash))
	}
}

// A tick that nobody shows to the table is not known, even if it is the second one of
// its time, because the clock was set back by a tick.
func TestCurrentDoesNotTakeATickForAnother(t *testing.T) {
	c, reg := newCurrent(worldLookback, 0), metric.NewRegistry(labels.EmptyLabels())
	s := reg.Intern(labels.FromStrings("__name__", "a"))
	c.observe(metric.Batch{T: 100_000, Points: []metric.Point{{Series: s, V: 1}}})
	c.begin(100_000)
	if !c.knows(100_000) {
		t.Error("a tick that was taken is not known")
	}
	c.begin(100_000)
	if c.knows(100_000) {
		t.Error("the tick before is taken for this one")
	}
	c.begin(97_000) // set back further, and again nobody shows it
	c.observe(metric.Batch{T: 107_000})
	if c.knows(107_000) {
		t.Error("what was stored before the clock was set back is taken to be known")
	}
	c.observe(metric.Batch{T: 108_000})
	if !c.knows(108_000) {
		t.Error("a tick is not known that sees nothing of that any more")
	}
}
