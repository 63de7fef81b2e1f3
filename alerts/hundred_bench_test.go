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

// BenchmarkHundred is a tick of a hundred rules such as a host has, over 600
// series of a real history of ten minutes: with nothing that fires, and with six
// alerts that fire at each even tick and resolve at each odd one.
func BenchmarkHundred(b *testing.B) {
	b.Run("quiet", func(b *testing.B) { benchmarkHundred(b, 0) })
	b.Run("six", func(b *testing.B) { benchmarkHundred(b, 6) })
}

func benchmarkHundred(b *testing.B, firing int) {
	db, err := history.Open(history.Options{Dir: b.TempDir(), Config: history.DefaultConfig()})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	e, err := NewEngine(EngineOptions{
		Query: db, Registry: metric.NewRegistry(labels.EmptyLabels()), Interval: time.Second, Lookback: history.DefaultLookback,
		Range: db.Evaluator(300_000), Log: slog.New(slog.DiscardHandler),
		Append: func(b metric.Batch) error {
			values := make([]metric.Value, len(b.Points))
			for i, p := range b.Points {
				values[i] = metric.Value{Labels: p.Series.Labels, V: p.V}
			}
			return db.AppendValues(b.T, values, nil)
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	if faults := e.Load(inGroup(hundredRules(firing)...)); len(faults) > 0 {
		b.Fatal(faults)
	}
	host := newBenchHost()
	tick := func() {
		host.advance()
		if err := db.Append(host.batch); err != nil {
			b.Fatal(err)
		}
	}
	for range 600 {
		tick()
	}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		tick()
		b.StartTimer()
		e.Observe(host.batch)
		e.Eval(context.Background(), host.batch.T)
	}
}

// hundredRules are about half comparisons of current values, the rest rates over
// one to ten minutes, predictions over an hour, and what is recorded.
func hundredRules(firing int) []RuleConfig {
	var rules []RuleConfig
	alert := func(format string, args ...any) {
		rules = append(rules, RuleConfig{Name: fmt.Sprint("Rule", len(rules)), Expr: fmt.Sprintf(format, args...), Severity: "warning", For: 2 * time.Minute})
	}
	for _, of := range []string{"node_disk_io_time_seconds_total", "node_network_receive_bytes_total", "node_network_transmit_bytes_total"} {
		name := "instance:" + of + ":rate1m"
		rules = append(rules, RuleConfig{Record: name, Expr: "rate(" + of + "[1m])"})
		alert("%s > 1e12", name)
	}
	for i := range 10 {
		alert(`up == -%d`, i+1)
		alert(`node_load%d > 1e%d`, []int{1, 5, 15}[i%3], i+6)
		alert(`node_memory_MemAvailable_bytes < %d`, i)
		alert(`node_filesystem_avail_bytes{fstype!="tmpfs"} / node_filesystem_size_bytes{fstype!="tmpfs"} < 0.000%d`, i)
		alert(`monitord_history_writable == -%d`, i+1)
		alert(`rate(node_disk_io_time_seconds_total[%dm]) > 90`, i+1)
		alert(`rate(node_network_receive_errs_total[%dm]) + rate(node_network_transmit_errs_total[%dm]) > 1e6`, i+1, i+1)
		alert(`100 * (1 - avg without (cpu, mode) (rate(node_cpu_seconds_total{mode="idle"}[%dm]))) > 101`, i+1)
	}
	for i := range 6 {
		alert(`predict_linear(node_filesystem_avail_bytes{fstype!="tmpfs"}[1h], %d*3600) < -1e18`, i+1)
	}
	for i := range 6 {
		holds := 0
		if i < firing {
			holds = 1
		}
		rules = append(rules, RuleConfig{
			Name: fmt.Sprint("EvenSecond", i), Severity: "info",
			Expr: fmt.Sprintf(`node_load1 * 0 + time() %% 2 + %d < %d`, i, i+holds),
		})
	}
	return rules
}

// benchHost is a host with two processors, three disks, interfaces and file
// systems, and much that no rule looks at.
type benchHost struct {
	batch metric.Batch
	n     float64
}

func newBenchHost() *benchHost {
	reg := metric.NewRegistry(labels.FromStrings("instance", "web1", "job", "node"))
	h := &benchHost{batch: metric.Batch{T: 1763683200000}}
	one := func(name string, values ...string) {
		names := []string{"cpu", "mode"}
		if len(values) == 1 {
			names = []string{"device"}
		}
		d := metric.NewDesc(name, metric.Gauge, "", "", names[:len(values)]...)
		h.batch.Points = append(h.batch.Points, metric.Point{Series: reg.Series(d, values...)})
	}
	for _, cpu := range []string{"0", "1"} {
		for _, mode := range []string{"idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user"} {
			one("node_cpu_seconds_total", cpu, mode)
		}
	}
	for _, device := range []string{"a", "b", "c"} {
		for _, name := range []string{"node_disk_io_time_seconds_total", "node_network_receive_bytes_total", "node_network_transmit_bytes_total",
			"node_network_receive_errs_total", "node_network_transmit_errs_total", "node_filesystem_avail_bytes", "node_filesystem_size_bytes"} {
			one(name, device)
		}
	}
	for _, name := range []string{"up", "node_load1", "node_load5", "node_load15", "node_memory_MemAvailable_bytes", "monitord_history_writable"} {
		one(name)
	}
	for i := range 560 {
		one(fmt.Sprint("other_", i/4), fmt.Sprint(i%4))
	}
	return h
}

// advance makes the samples of the next tick.
func (h *benchHost) advance() {
	h.n++
	h.batch.T += 1000
	for i := range h.batch.Points {
		h.batch.Points[i].V = h.n*float64(i+1) + float64(int(h.n*7)%13)
	}
}
