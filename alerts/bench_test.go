package alerts

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

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
