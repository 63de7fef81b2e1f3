package standing

import (
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

// dashboard returns the expressions that `make bench` has open.
func dashboard(t testing.TB) []string {
	t.Helper()
	b, err := os.ReadFile("../../bench/run/dashboard.promql")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(b)), "\n")
}

// hostSeries makes the series of a host with the metrics that expressions select:
// 4 processors, 3 disks, 4 devices of network, 4 file systems.
func hostSeries(t testing.TB, exprs []string) []*metric.Series {
	t.Helper()
	registry := metric.NewRegistry(labels.FromStrings("instance", "web1", "job", "node"))
	seen := make(map[string]bool)
	var all []*metric.Series
	add := func(name string, pairs ...string) {
		all = append(all, registry.Intern(labels.FromStrings(append(pairs, model.MetricNameLabel, name, "instance", "web1", "job", "node")...)))
	}
	for _, text := range exprs {
		e, err := history.ParseExpr(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		for _, s := range e.Selectors() {
			_, name, _ := strings.Cut(s.Canonical(), `__name__="`)
			name, _, _ = strings.Cut(name, `"`)
			if name == "" || seen[name] {
				continue
			}
			seen[name] = true
			switch {
			case strings.HasPrefix(name, "node_cpu"):
				for _, cpu := range []string{"0", "1", "2", "3"} {
					for _, mode := range []string{"user", "system", "idle", "iowait", "irq", "softirq", "steal", "nice"} {
						add(name, "cpu", cpu, "mode", mode)
					}
				}
			case strings.HasPrefix(name, "node_disk"):
				for _, d := range []string{"sda", "sdb", "nvme0n1"} {
					add(name, "device", d)
				}
			case strings.HasPrefix(name, "node_network"):
				for _, d := range []string{"eth0", "eth1", "wlan0", "lo"} {
					add(name, "device", d)
				}
			case strings.HasPrefix(name, "node_filesystem"):
				for _, m := range []string{"/", "/boot", "/home", "/srv"} {
					add(name, "device", "/dev"+m, "fstype", "ext4", "mountpoint", m)
				}
			default:
				add(name)
			}
		}
	}
	return all
}

// BenchmarkDashboard is one tick's share of a dashboard's expressions.
func BenchmarkDashboard(b *testing.B) {
	exprs := dashboard(b)
	db := openHistory(b, b.TempDir())
	series := hostSeries(b, exprs)
	r := rand.New(rand.NewPCG(1, 2))
	values := make([]float64, len(series))
	const ticks = 360
	for n := range int64(ticks) {
		batch := metric.Batch{T: start + n*1000}
		for i, s := range series {
			values[i] += float64(r.IntN(1000))
			batch.Points = append(batch.Points, metric.Point{Series: s, V: values[i]})
		}
		if err := db.Append(batch); err != nil {
			b.Fatal(err)
		}
	}
	set := New(db, Config{Interval: time.Second, MaxQueries: len(exprs)})
	for _, e := range exprs {
		if _, err := set.Get(e, 0); err != nil {
			b.Fatalf("%s: %v", e, err)
		}
	}
	now := start + (ticks-1)*1000
	due := set.Due(now)
	b.Logf("%d series, %d expressions", len(series), len(due))
	b.ReportAllocs()
	for b.Loop() {
		for _, q := range due {
			if _, err := q.Eval(b.Context(), now); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// The expressions are what they are taken for: 200 different standing queries.
func TestDashboardExpressionsAreDistinct(t *testing.T) {
	seen := make(map[string]string)
	for _, text := range dashboard(t) {
		e, err := history.ParseExpr(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		} else if other, ok := seen[e.Canonical()]; ok {
			t.Errorf("%s is %s", text, other)
		}
		seen[e.Canonical()] = text
	}
	if len(seen) != 200 {
		t.Errorf("%d expressions, want 200", len(seen))
	}
}
