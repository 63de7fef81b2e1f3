package trial

import (
	"fmt"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/history"
	"monitord/metric"
)

// benchSeries is how many series the week has: 16 counters of processor time, the
// rest gauges.
const benchSeries = 100

// recordWeek writes a week of seconds.
func recordWeek(b *testing.B) (dir string, from, to int64) {
	b.Helper()
	dir = b.TempDir()
	db, err := history.Open(history.Options{Dir: dir, Config: history.DefaultConfig()})
	if err != nil {
		b.Fatal(err)
	}
	reg := metric.NewRegistry(labels.EmptyLabels())
	up := reg.Intern(labels.FromStrings("__name__", "up", "job", "node", "instance", "web1"))
	var series []*metric.Series
	for i := range benchSeries - 1 {
		ls := labels.FromStrings("__name__", "gauge", "n", fmt.Sprint(i), "job", "node", "instance", "web1")
		if i < 16 {
			ls = labels.FromStrings("__name__", "node_cpu_seconds_total", "cpu", fmt.Sprint(i/8), "mode", fmt.Sprint("m", i%8), "job", "node", "instance", "web1")
		}
		series = append(series, reg.Intern(ls))
	}
	from = int64(1763683200000)
	to = from + (7 * 24 * time.Hour).Milliseconds() - 1000
	for t := from; t <= to; t += 1000 {
		batch := metric.Batch{T: t, Points: make([]metric.Point, 0, benchSeries)}
		batch.Points = append(batch.Points, metric.Point{Series: up, V: 1})
		n := (t - from) / 1000
		for i, s := range series {
			v := float64((n*int64(i+3))%97) / 10
			if i < 16 {
				v = float64(n)*float64(i+1)/100 + float64(n%13)/100
			}
			batch.Points = append(batch.Points, metric.Point{Series: s, V: v})
		}
		if err := db.Append(batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		b.Fatal(err)
	}
	return dir, from, to
}

// BenchmarkReplayAWeek replays one rule at a time over a week of seconds, evaluated
// at each: go test -run xxx -bench ReplayAWeek -benchtime 1x ./alerts/trial
func BenchmarkReplayAWeek(b *testing.B) {
	dir, from, to := recordWeek(b)
	for _, rule := range []struct{ name, expr string }{
		{"gauge", `gauge{n="20"} > 9.5`},
		{"allGauges", `gauge > 9.6`},
		{"rate10s", `sum by (mode) (rate(node_cpu_seconds_total[10s])) > 0.3`},
		{"rate1m", `sum by (mode) (rate(node_cpu_seconds_total[1m])) > 0.3`},
		{"avg5m", `avg_over_time(gauge{n="20"}[5m]) > 5`},
	} {
		b.Run(rule.name, func(b *testing.B) {
			for b.Loop() {
				rules, _ := alerts.Compile([]alerts.GroupConfig{{Rules: []alerts.RuleConfig{{Name: "A", Expr: rule.expr, Every: time.Second, For: 5 * time.Second}}}}, time.Second)
				db, err := history.OpenReadOnly(b.Context(), history.ReadOptions{Dir: dir})
				if err != nil {
					b.Fatal(err)
				}
				r := &Replay{History: db, Rules: rules[:1], From: from, To: to, Interval: time.Second}
				res, err := r.Run(b.Context())
				if err != nil || res.Ticks != int(to-from)/1000+1 {
					b.Fatalf("%v: %+v", err, res)
				}
				b.ReportMetric(float64(res.Totals[0].Firings), "firings")
				if err := db.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
