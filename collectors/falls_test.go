package collectors

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

// A kernel is what a machine with two processors counts, in the units of /proc:
// whatever a test does to it, a second is a second.
type kernel struct {
	cpu    [2][8]int64 // user nice system idle iowait irq softirq steal, hundredths of a second
	ioTime int64       // milliseconds
	read   int64       // sectors
	stall  int64       // microseconds
	rx     int64       // bytes
}

// second lets one pass, in which the processors are busy with everything.
func (k *kernel) second() {
	for i := range k.cpu {
		for mode, n := range [8]int64{20, 1, 14, 30, 20, 1, 4, 10} {
			k.cpu[i][mode] += n
		}
	}
	k.ioTime += 900
	k.read += 2000
	k.stall += 800_000
	k.rx += 1_000_000
}

// write makes the files under root, which are read again and again from the start.
func (k *kernel) write(t *testing.T, root string, btime int) {
	t.Helper()
	var stat strings.Builder
	fmt.Fprintln(&stat, "cpu 0 0 0 0 0 0 0 0 0 0")
	for i, c := range k.cpu {
		fmt.Fprintf(&stat, "cpu%d", i)
		for _, v := range c {
			fmt.Fprintf(&stat, " %d", uint64(v)) // below zero it reads as nearly 2^64
		}
		fmt.Fprintln(&stat, " 0 0")
	}
	fmt.Fprintf(&stat, "intr 1\nctxt 1\nbtime %d\nprocesses 1\nprocs_running 1\nprocs_blocked 0\n", btime)
	files := map[string]string{
		"stat":            stat.String(),
		"diskstats":       fmt.Sprintf("8 0 sda 1 0 %d 1 1 0 1 1 0 %d %d 0 0 0 0 0 0\n", k.read, k.ioTime, k.ioTime),
		"pressure/cpu":    fmt.Sprintf("some avg10=0.00 avg60=0.00 avg300=0.00 total=%d\n", k.stall),
		"pressure/io":     fmt.Sprintf("some avg10=0.00 avg60=0.00 avg300=0.00 total=%d\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=%d\n", k.stall, k.stall),
		"pressure/memory": "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
		"pressure/irq":    "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
		"net/dev":         fmt.Sprintf("Inter-| Receive | Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes packets errs drop fifo colls carrier compressed\n eth0: %d 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n", k.rx),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// shares are the figures that are parts of a whole, as the page and rules ask for
// them, and the most that each may be. The others are rates: never below zero.
var shares = map[string]float64{
	`sum by (mode) (irate(node_cpu_seconds_total[5s])) / 2`:                                          1,
	`sum by (mode) (rate(node_cpu_seconds_total[11s])) / 2`:                                          1,
	`100 * (1 - sum by (cpu) (irate(node_cpu_seconds_total{mode=~"idle|iowait"}[5s])))`:              100,
	`100 * (1 - sum by (cpu) (rate(node_cpu_seconds_total{mode=~"idle|iowait"}[11s])))`:              100,
	`100 * (1 - avg(rate(node_cpu_seconds_total{mode="idle"}[1m])))`:                                 100,
	`100 * avg(rate(node_cpu_seconds_total{mode="steal"}[1m]))`:                                      100,
	`sum(irate(node_cpu_seconds_total[5s])) / 2`:                                                     1,
	`100 * irate(node_disk_io_time_seconds_total[5s])`:                                               100,
	`rate(node_disk_io_time_seconds_total[1m])`:                                                      1,
	`100 * irate(node_pressure_io_stalled_seconds_total[5s])`:                                        100,
	`irate(node_disk_read_bytes_total[5s])`:                                                          1_024_000,
	`irate(node_network_receive_bytes_total[5s])`:                                                    1_000_000,
	`{__name__=~"node_cpu_seconds_total|node_disk_.+_total|node_pressure_.+|node_network_.+_total"}`: 1e13,
}

// What the kernel's counters may do makes no figure that cannot be: nothing below
// zero, nothing that is no number, and no part larger than its whole.
func TestCountersThatFall(t *testing.T) {
	const user, idle, iowait, steal = 0, 3, 4, 7
	for name, odd := range map[string]func(k *kernel, second int){
		"nothing odd":            func(*kernel, int) {},
		"iowait falls by little": func(k *kernel, s int) { k.cpu[s%2][iowait] -= 25 },
		"idle falls by little":   func(k *kernel, s int) { k.cpu[0][idle] -= 31 },
		"iowait falls by much":   func(k *kernel, s int) { k.cpu[1][iowait] -= 90_000 },
		"steal falls by much":    func(k *kernel, s int) { k.cpu[0][steal] -= 50_000 },
		"steal falls below zero": func(k *kernel, s int) { k.cpu[0][steal] = int64(s-6) * 10 },
		"steal leaps":            func(k *kernel, s int) { k.cpu[0][steal] += 3_000_000 },
		"idle falls by much":     func(k *kernel, s int) { k.cpu[0][idle] -= 60_000 },
		"a processor is plugged in anew": func(k *kernel, s int) {
			if s == 5 {
				k.cpu[1] = [8]int64{user: 3, idle: 4}
			}
		},
		"a disk is replaced": func(k *kernel, s int) {
			if s == 5 {
				k.ioTime, k.read = 40, 100
			}
		},
		"a disk's figures are corrected": func(k *kernel, s int) { k.ioTime -= 901; k.read -= 2001 },
		"stalls are corrected":           func(k *kernel, s int) { k.stall -= 800_001 },
		"an interface is made anew": func(k *kernel, s int) {
			if s == 5 {
				k.rx = 500
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			root, dir := filepath.Join(t.TempDir(), "proc"), t.TempDir()
			if err := os.CopyFS(root, os.DirFS("testdata/proc")); err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				db, err := history.Open(history.Options{Dir: dir, Config: history.DefaultConfig()})
				if err != nil {
					t.Fatal(err)
				}
				defer db.Close()
				k := &kernel{ioTime: 5_000_000, read: 1 << 33, stall: 7e9, rx: 1 << 40}
				for i := range k.cpu {
					k.cpu[i] = [8]int64{100_000, 100, 100_000, 900_000, 100_000, 100, 100, 60_000}
				}
				src := recorded()
				src.procRoot = root
				second := 0
				run := func(seconds int) { // of one life of the daemon
					k.write(t, root, 1763600000)
					s := testSampler(t, Default(), src)
					if last, err := db.Instant(t.Context(), `{__name__=~"node_.+"}`, db.Last()); err == nil {
						s.Resume(db.Last(), last)
					}
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					end := second + seconds
					if err := s.Run(ctx, func(_ context.Context, b metric.Batch) {
						if err := db.Append(b); err != nil {
							t.Error(err)
						}
						checkShares(t, db, b.T, second)
						second++
						k.second()
						if second == 5 || second == 9 {
							odd(k, second)
						}
						k.write(t, root, 1763600000)
						if second == end {
							cancel()
						}
					}); err != nil {
						t.Fatal(err)
					}
				}
				run(20)
				k.cpu[0][iowait] -= 700 // while nobody looks
				k.ioTime -= 5000
				run(10)
			})
		})
	}
}

func checkShares(t *testing.T, db *history.DB, at int64, second int) {
	t.Helper()
	for expr, most := range shares {
		values, err := db.Instant(context.Background(), expr, at)
		if err != nil {
			t.Fatal(err)
		}
		if len(values) == 0 && second > 1 {
			t.Fatalf("second %d: nothing in %s", second, expr)
		}
		for _, v := range values {
			if math.IsNaN(v.V) || math.IsInf(v.V, 0) || v.V < -1e-9 || v.V > most*(1+1e-9) {
				t.Errorf("second %d: %s%s is %v, must be between 0 and %v", second, expr, v.Labels, v.V, most)
			}
		}
	}
}

// After a restart of the machine, everything counts from its own start.
func TestResumeKnowsTheBoot(t *testing.T) {
	d := metric.NewDesc("node_forks_total", metric.Counter, "", "")
	boot := metric.NewDesc(booted, metric.Gauge, "seconds", "")
	own := metric.NewDesc("monitord_ticks_total", metric.Counter, "", "")
	for name, tc := range map[string]struct {
		booted, want float64
	}{"the same boot": {1001, 50}, "another boot": {2000, 3}} {
		reg := metric.NewRegistry(labels.EmptyLabels())
		points := []metric.Point{{Series: reg.Series(d), V: 3}, {Series: reg.Series(own), V: 1}, {Series: reg.Series(boot), V: tc.booted}}
		var f falls
		f.resume(1000, []metric.Value{
			{Labels: points[0].Series.Labels, V: 50}, {Labels: points[1].Series.Labels, V: 70}, {Labels: points[2].Series.Labels, V: 1000},
		})
		f.mend(2000, points, nil, false)
		if points[0].V != tc.want || points[1].V != 1 || points[2].V != tc.booted {
			t.Errorf("%s: %v, want %v and the others as they are", name, points, tc.want)
		}
		next := []metric.Point{{Series: points[0].Series, V: 4}, {Series: points[1].Series, V: 0}, {Series: points[2].Series, V: 900}}
		f.mend(3000, next, points, true)
		if next[0].V != tc.want+1 || next[1].V != 0 || next[2].V != 900 {
			t.Errorf("%s: then %v", name, next)
		}
		f.forget([]*metric.Series{points[0].Series})
		if len(f.offsets) != 0 {
			t.Errorf("%s: %d offsets of what has ended", name, len(f.offsets))
		}
	}
}
