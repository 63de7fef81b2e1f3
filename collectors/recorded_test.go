package collectors

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/shirou/gopsutil/v3/disk"
	"golang.org/x/sys/unix"

	"monitord/metric"
)

// recorded are the trees under testdata, and answers where those have none.
func recorded() sources {
	return sources{
		procRoot: "testdata/proc",
		sysRoot:  "testdata/sys",
		now:      time.Now,
		clock:    &setClock{began: time.Now()},
		uname: func(u *unix.Utsname) error {
			copy(u.Sysname[:], "Linux")
			copy(u.Nodename[:], "web1")
			return nil
		},
		statfs: func(context.Context, string) (*disk.UsageStat, error) {
			return &disk.UsageStat{Total: 1000, Used: 700, Free: 250, InodesTotal: 90, InodesFree: 80}, nil
		},
	}
}

// A setClock is a host's clocks, which a test may set. began is when the host was
// started.
type setClock struct {
	began  time.Time
	set    atomic.Int64 // by how much the wall clock was
	asleep atomic.Int64 // how long the host slept
	synced atomic.Bool
}

func (c *setClock) Read() Reading {
	slept := time.Duration(c.asleep.Load())
	return Reading{Wall: time.Now().Round(0).Add(time.Duration(c.set.Load()) + slept), Awake: time.Since(c.began), Asleep: slept}
}

func (c *setClock) Synchronised() bool { return c.synced.Load() }

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func testSampler(t testing.TB, cfg Config, src sources, extra ...Collector) *Sampler {
	t.Helper()
	s, err := newSampler(cfg, metric.NewRegistry(labels.EmptyLabels()), quiet(), src, extra...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// onlyExtra switches every subject of the host off.
func onlyExtra() Config {
	return Config{
		Interval:   defaultInterval,
		Filesystem: FilesystemConfig{Interval: defaultSlowInterval},
		Network:    NetworkConfig{LinkInterval: defaultSlowInterval},
	}
}

// sample runs s in a bubble for n ticks and returns their batches.
func sample(t *testing.T, n int, make func() *Sampler) (batches []metric.Batch, stats Stats) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := make()
		ctx, cancel := context.WithCancel(t.Context())
		err := s.Run(ctx, func(_ context.Context, b metric.Batch) {
			if batches = append(batches, b); len(batches) == n {
				cancel()
			}
		})
		if err != nil {
			t.Errorf("Run: %v", err)
		}
		stats = s.Stats()
	})
	return batches, stats
}

// find returns the values of a batch by their series.
func find(b metric.Batch) map[string]float64 {
	values := make(map[string]float64)
	for _, p := range b.Points {
		values[p.Series.Labels.String()] = p.V
	}
	return values
}

func seriesName(name string, pairs ...string) string {
	return labels.FromStrings(append([]string{model.MetricNameLabel, name}, pairs...)...).String()
}
