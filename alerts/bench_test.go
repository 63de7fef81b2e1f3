package alerts

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

// BenchmarkEval is a tick of 30 rules, of which ten have five alerts each, with
// a query that costs nothing: what the engine itself takes.
func BenchmarkEval(b *testing.B) {
	for _, label := range []string{"ops", "{{ $labels.disk }}-ops"} {
		b.Run(label, func(b *testing.B) { benchmarkEval(b, label) })
	}
}

func benchmarkEval(b *testing.B, label string) {
	var values []metric.Value
	for i := range 5 {
		values = append(values, metric.Value{Labels: labels.FromStrings("__name__", "x", "disk", fmt.Sprint(i), "instance", "web1", "job", "node"), V: 1})
	}
	a := answers{"fires": func(int64) ([]metric.Value, error) { return values, nil }}
	var rules []RuleConfig
	for i := range 30 {
		expr := "quiet"
		if i < 10 {
			expr = "fires"
		}
		rules = append(rules, RuleConfig{
			Name: fmt.Sprint("Rule", i), Expr: expr, Severity: "warning", Labels: map[string]string{"team": label},
			Annotations: map[string]string{"summary": "{{ $labels.disk }} is at {{ $value | humanize }}"},
		})
	}
	e, err := NewEngine(EngineOptions{
		Query: a, Registry: metric.NewRegistry(labels.EmptyLabels()), Interval: time.Second,
		Append: func(metric.Batch) error { return nil },
	})
	if err != nil {
		b.Fatal(err)
	}
	if faults := e.Load(inGroup(rules...)); len(faults) > 0 {
		b.Fatal(faults)
	}
	t := int64(1763683200000)
	e.Eval(context.Background(), t)
	b.ReportAllocs()
	for b.Loop() {
		t += 1000
		e.Eval(context.Background(), t)
	}
}

// BenchmarkPlain is a tick of 500 rules that compare current values, over 1,000
// series in a real history: with a query for each, and without. The series are of
// 20 metrics, or all of one, so that each rule looks at all of them.
func BenchmarkPlain(b *testing.B) {
	b.Run("queries", func(b *testing.B) { benchmarkPlain(b, false, 20) })
	b.Run("observed", func(b *testing.B) { benchmarkPlain(b, true, 20) })
	b.Run("observed-one-metric", func(b *testing.B) { benchmarkPlain(b, true, 1) })
}

func benchmarkPlain(b *testing.B, observed bool, metrics int) {
	db, err := history.Open(history.Options{Dir: b.TempDir(), Config: history.DefaultConfig()})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	e, err := NewEngine(EngineOptions{
		Query: db, Registry: metric.NewRegistry(labels.EmptyLabels()), Interval: time.Second, Lookback: history.DefaultLookback,
		Append: func(metric.Batch) error { return nil }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	var rules []RuleConfig
	for i := range 500 {
		rules = append(rules, RuleConfig{
			Name: fmt.Sprint("Rule", i), Expr: fmt.Sprintf(`metric_%d{disk!~"loop.*"} > %d`, i%metrics, 1000+i/metrics), Severity: "warning",
		})
	}
	if faults := e.Load(inGroup(rules...)); len(faults) > 0 {
		b.Fatal(faults)
	}
	reg := metric.NewRegistry(labels.FromStrings("instance", "web1", "job", "node"))
	batch := metric.Batch{T: 1763683200000}
	for i := range 1000 {
		d := metric.NewDesc(fmt.Sprint("metric_", i%metrics), metric.Gauge, "", "", "disk")
		batch.Points = append(batch.Points, metric.Point{Series: reg.Series(d, fmt.Sprint("sd", i/metrics)), V: float64(i)})
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		batch.T += 1000
		if err := db.Append(batch); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if observed {
			e.Observe(batch)
		}
		if out := e.Eval(context.Background(), batch.T); len(out.Events) > 0 {
			b.Fatal(out.Events[0])
		}
	}
}
