package standing

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

const start = int64(1763683200000)

// What live evaluation and replay must agree on.
var expressions = []string{
	"cpu",
	`{__name__=~"cpu|mem"}`,
	"sum(cpu)",
	"sum by (mode) (rate(cpu[10s]))",
	"avg without (core) (irate(cpu[5s]))",
	"increase(cpu[1m])",
	"mem offset 7s",
	"rate(cpu[10s] offset 3s)",
	"mem offset -2s",
	"max_over_time(mem[30s])",
	"max_over_time(rate(cpu[10s])[1m:5s])",
	"avg_over_time(mem[40s:7s] offset 3s)",
	"sum_over_time(vector(scalar(sum(mem)))[20s:1s])",
	"quantile_over_time(0.9, mem[25s])",
	"predict_linear(mem[30s], 60)",
	"mem @ 1763683230",
	"rate(cpu[20s] @ 1763683240.5)",
	"cpu - cpu @ start()",
	"mem - mem @ end()",
	"avg_over_time(mem[10s:2s] @ end())",
	"absent(flappy)",
	"absent_over_time(flappy[5s])",
	"topk(2, cpu)",
	"bottomk by (mode) (1, mem * 2)",
	"count(up) or vector(0)",
	"scalar(sum(mem))",
	"time() % 60",
	"vector(time())",
	"timestamp(mem)",
	"flappy",
	"flappy or mem",
	"mem unless on (host) flappy",
	"count_values(\"v\", flappy)",
	"histogram_quantile(0.5, sum by (le) (rate(h_bucket[10s])))",
	"label_replace(flappy, \"x\", \"$1\", \"host\", \"(.*)\")",
	"rate({__name__=~\"cpu|flappy\"}[3s])", // one label set from two metrics, at some times only
	"mem / on () group_left () count(cpu)",
	"changes(flappy[15s]) > 0",
	"stddev(cpu) / 0",
	"(cpu > 100) * NaN",
	"rule",
	"slow",
	"sum(cpu) + on () mem", // an error at every time
	"label_replace(cpu, \"core\", \"x\", \"\", \"\")",
}

// A machine makes a random but repeatable history: series come and go, counters
// are reset, ticks are missing, rules add values.
type machine struct {
	t     *testing.T
	db    *history.DB
	reg   *metric.Registry
	rand  *rand.Rand
	value map[string]float64
	alive map[string]*metric.Series
}

var descs = map[string]*metric.Desc{
	"up":       metric.NewDesc("up", metric.Gauge, "", ""),
	"cpu":      metric.NewDesc("cpu", metric.Counter, "", "", "core", "mode"),
	"mem":      metric.NewDesc("mem", metric.Gauge, "", "", "host"),
	"flappy":   metric.NewDesc("flappy", metric.Gauge, "", "", "host"),
	"h_bucket": metric.NewDesc("h_bucket", metric.Counter, "", "", "le"),
	"slow":     metric.NewDesc("slow", metric.Gauge, "", ""),
}

func (m *machine) tick(t int64) {
	b := metric.Batch{T: t}
	add := func(name string, v float64, lvs ...string) {
		key := fmt.Sprint(name, lvs)
		s := m.alive[key]
		if s == nil {
			s = m.reg.Series(descs[name], lvs...)
			m.alive[key] = s
		}
		b.Points = append(b.Points, metric.Point{Series: s, V: v})
	}
	counter := func(name string, lvs ...string) {
		key := fmt.Sprint(name, lvs)
		if m.value[key] += m.rand.Float64() * 3; m.rand.IntN(50) == 0 {
			m.value[key] = 0 // a reset
		}
		add(name, m.value[key], lvs...)
	}
	add("up", 1)
	for core := range 3 {
		for _, mode := range []string{"user", "idle"} {
			counter("cpu", fmt.Sprint(core), mode)
		}
	}
	for _, le := range []string{"1", "2", "+Inf"} {
		counter("h_bucket", le)
	}
	add("mem", m.rand.Float64()*1e9, "a")
	switch m.rand.IntN(20) {
	case 0:
		add("mem", math.NaN(), "b")
	case 1:
		add("mem", math.Inf(-1), "b")
	default:
		add("mem", m.rand.NormFloat64(), "b")
	}
	if m.rand.IntN(3) > 0 {
		add("flappy", float64(m.rand.IntN(3)), "a")
	}
	if t%10_000 == 0 {
		add("slow", float64(t/1000))
	}
	for key, s := range m.alive {
		here := slices.ContainsFunc(b.Points, func(p metric.Point) bool { return p.Series == s })
		if !here && s.Desc.Name != "slow" {
			b.Ended = append(b.Ended, s)
			delete(m.alive, key)
		}
	}
	if err := m.db.Append(b); err != nil {
		m.t.Fatal(err)
	}
	m.reg.Retire(b.Ended)
	rule := []metric.Value{{Labels: labels.FromStrings(model.MetricNameLabel, "rule", "n", fmt.Sprint(t/1000%3)), V: float64(t)}}
	if err := m.db.AppendValues(t, rule, nil); err != nil {
		m.t.Fatal(err)
	}
}

func openHistory(t testing.TB, dir string) *history.DB {
	t.Helper()
	db, err := history.Open(history.Options{Dir: dir, Config: history.DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// same compares bit by bit: NaN is NaN.
func same(a, b []metric.Value) bool {
	return slices.EqualFunc(a, b, func(a, b metric.Value) bool {
		return labels.Equal(a.Labels, b.Labels) && (a.V == b.V || math.IsNaN(a.V) && math.IsNaN(b.V))
	})
}

// What a replay gives is what live evaluation gave, tick by tick, whatever the
// expression and the holes, and also when the data has gone through a restart.
func TestReplayIsWhatWasSeenLive(t *testing.T) {
	dir := t.TempDir()
	db := openHistory(t, dir)
	m := &machine{
		t: t, db: db, rand: rand.New(rand.NewPCG(1, 2)),
		reg:   metric.NewRegistry(labels.FromStrings("job", "node")),
		value: make(map[string]float64), alive: make(map[string]*metric.Series),
	}
	config := Config{Interval: time.Second, MaxQueries: 1000, Timeout: time.Minute} // a stall is no other result
	set := New(db, config)
	for _, expr := range expressions {
		for _, every := range []time.Duration{0, 5 * time.Second} {
			if _, err := set.Get(expr, every); err != nil {
				t.Fatalf("%s: %v", expr, err)
			}
		}
	}
	live := make(map[key][]Row)
	end := start + 115_000
	for ts := start; ts <= end; ts += 1000 {
		if m.rand.IntN(15) == 0 || ts > start+50_000 && ts < start+85_000 {
			continue // left out: now and then, and a long hole
		}
		m.tick(ts)
		for _, q := range set.Due(ts) {
			values, err := q.Eval(t.Context(), ts)
			live[q.key] = append(live[q.key], Row{T: ts, Values: values, Err: err})
		}
	}
	check := func(t *testing.T, set *Set) {
		for k, want := range live {
			q, err := set.Get(k.expr, time.Duration(k.every)*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			limit := 1000 // all at once
			if k.every == 5000 {
				limit = 7
			}
			compare(t, q, want, limit, end)
		}
	}
	t.Run("at once", func(t *testing.T) { check(t, set) })
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := openHistory(t, dir)
	t.Run("after a restart", func(t *testing.T) { check(t, New(again, config)) })
}

// compare replays page by page.
func compare(t *testing.T, q *Query, want []Row, limit int, end int64) {
	t.Helper()
	i := 0
	for from := start; ; {
		rows, err := q.Replay(t.Context(), from, end, limit)
		if err != nil {
			t.Errorf("%s: %v", q.key.expr, err)
			return
		}
		for _, row := range rows {
			if i == len(want) || row.T != want[i].T {
				t.Errorf("%s every %d: row %d is for %d", q.key.expr, q.key.every, i, row.T)
				return
			}
			if !same(row.Values, want[i].Values) || (row.Err == nil) != (want[i].Err == nil) {
				t.Errorf("%s every %d at %d:\nreplay %v, %v\nlive   %v, %v", q.key.expr, q.key.every, row.T, row.Values, row.Err, want[i].Values, want[i].Err)
				return
			}
			i++
		}
		if len(rows) == 0 {
			break
		}
		from = rows[len(rows)-1].T + 1
	}
	if i != len(want) {
		t.Errorf("%s every %d: %d rows, want %d", q.key.expr, q.key.every, i, len(want))
	}
}
