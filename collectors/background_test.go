package collectors

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shirou/gopsutil/v3/disk"

	"monitord/metric"
)

// slowSampler has one collector, between ticks.
func slowSampler(t *testing.T, every time.Duration, c Collector) *Sampler {
	s := testSampler(t, onlyExtra(), recorded())
	r := newRecord(c, quiet())
	s.records = append(s.records, r)
	s.background = append(s.background, newBackgroundTask(c, r, every))
	return s
}

func TestReadingsBetweenTicks(t *testing.T) {
	batches, _ := sample(t, 22, func() *Sampler {
		return slowSampler(t, 10*time.Second, &fake{name: "slow"})
	})
	// The bubble begins at a multiple of every interval: what tick 10 starts is
	// in the batch of tick 11.
	for i, b := range batches {
		want := float64(1 + i/10)
		if got := find(b)[value("slow")]; got != want {
			t.Errorf("tick %d: %v, want %v", i+1, got, want)
		}
		if len(b.Ended) != 0 {
			t.Errorf("tick %d: ended %v", i+1, b.Ended)
		}
	}
}

func TestHangingReadingGoesStale(t *testing.T) {
	batches, stats := sample(t, 22, func() *Sampler {
		return slowSampler(t, 10*time.Second, &fake{name: "slow", do: func(_ context.Context, run int, _ *Emitter) error {
			if run == 2 {
				<-time.After(6500 * time.Millisecond) // deaf to its context
			}
			return nil
		}})
	})
	for i, b := range batches {
		tick := i + 1
		stale := 14 <= tick && tick <= 16
		got := find(b)
		if _, ok := got[value("slow")]; ok == stale {
			t.Errorf("tick %d: value there: %v", tick, ok)
		}
		if (got[success("slow")] == 0) != stale {
			t.Errorf("tick %d: success = %v", tick, got[success("slow")])
		}
		if got := lacks(b); (got == "test_value") != stale || (got == "") == stale {
			t.Errorf("tick %d: lacks %q", tick, got)
		}
		if (len(b.Ended) > 0) != (tick == 14) {
			t.Errorf("tick %d: ended %v", tick, b.Ended)
		}
	}
	before, after := seriesOf(batches[12], value("slow")), seriesOf(batches[16], value("slow"))
	if before == nil || before == after {
		t.Error("a series that ended came back under the same pointer")
	}
	if c := stats.Collectors[0]; c.Hung != 1 || c.Runs != 3 {
		t.Errorf("stats %+v", c)
	}
}

func seriesOf(b metric.Batch, series string) *metric.Series {
	for _, p := range b.Points {
		if p.Series.Labels.String() == series {
			return p.Series
		}
	}
	return nil
}

func TestHangingMountHarmsNoOther(t *testing.T) {
	const point, other = "/srv", "/opt"
	var calls int // of the mount that hangs; its goroutine and the end of the bubble are ordered
	release := func() {}
	batches, stats := sample(t, 32, func() *Sampler {
		src := recorded()
		hang := make(chan struct{})
		release = func() { close(hang) }
		answer := src.statfs
		src.statfs = func(ctx context.Context, path string) (*disk.UsageStat, error) {
			if path == point {
				if calls++; calls > 1 {
					<-hang
				}
			}
			return answer(ctx, path)
		}
		cfg := Default()
		cfg.Network.Enabled = false
		return testSampler(t, cfg, src, &fake{name: "end", do: func(_ context.Context, run int, _ *Emitter) error {
			if run == 32 {
				release()
			}
			return nil
		}})
	})
	labels := func(name, point string) string {
		device, fstype := "/dev/sda1", "ext4"
		if point == other {
			device, fstype = "/dev/sda2", "xfs"
		}
		return seriesName(name, "device", device, "fstype", fstype, "mountpoint", point)
	}
	for i, b := range batches {
		tick, got := i+1, find(b)
		_, there := got[labels("node_filesystem_avail_bytes", point)]
		fault := got[labels("node_filesystem_device_error", point)]
		// Asked at tick 10, and given up three seconds later, which is just when
		// tick 13 is taken.
		if hangs := tick >= 14; tick != 13 && (there == hangs || (fault == 1) != hangs) {
			t.Errorf("tick %d: value there: %v, device_error %v", tick, there, fault)
		}
		if got[labels("node_filesystem_avail_bytes", other)] != 250 {
			t.Errorf("tick %d: the other mount has no value", tick)
		}
		if got[success("filesystem")] != 1 {
			t.Errorf("tick %d: success = %v", tick, got[success("filesystem")])
		}
	}
	if calls != 2 {
		t.Errorf("asked %d times, want 2", calls)
	}
	if stats.Missed.Total() != 0 {
		t.Errorf("ticks were missed: %+v", stats.Missed)
	}
}

func TestRunLeavesStuckReadingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		s := slowSampler(t, 10*time.Second, &fake{name: "slow", do: func(context.Context, int, *Emitter) error {
			<-hang
			return nil
		}})
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		if err := s.Run(ctx, func(context.Context, metric.Batch) { cancel() }); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took > time.Second+stopGrace {
			t.Errorf("Run took %s to end", took)
		}
		close(hang)
	})
}
