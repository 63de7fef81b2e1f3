package collectors

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/shirou/gopsutil/v3/common"
	"golang.org/x/sys/unix"

	"monitord/metric"
)

// BenchmarkTick takes ticks of this machine, filled up to 500 series: what the
// daemon pays each second before anything is done with the values.
func BenchmarkTick(b *testing.B) {
	s := testSampler(b, Default(), hostSources(), &filler{})
	ctx := context.WithValue(b.Context(), common.EnvKey, s.env)
	defer s.quick.stop()
	var batch metric.Batch
	before := processorTime(b)
	b.ReportAllocs()
	for b.Loop() {
		batch = s.take(ctx, time.Now(), s.read())
	}
	b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
	b.ReportMetric(float64(len(batch.Points)), "series")
}

// processorTime is what this process has used, in user space and in the kernel:
// unlike the clock it does not count waiting for a busy machine.
func processorTime(b *testing.B) int64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkCollector shows where the time goes.
func BenchmarkCollector(b *testing.B) {
	quick, slow, err := subjects(Default(), hostSources(), quiet())
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range slow {
		quick = append(quick, c.Collector)
	}
	s := testSampler(b, Default(), hostSources())
	for _, c := range quick {
		b.Run(c.Name(), func(b *testing.B) {
			e := &Emitter{reg: s.batch.reg}
			b.ReportAllocs()
			for b.Loop() {
				e.reset()
				if err := c.Collect(b.Context(), e); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(e.points)), "series")
		})
	}
}

// filler stands for collectors that cost nothing but their series.
type filler struct{ values []string }

func (*filler) Name() string { return "filler" }

func (f *filler) Collect(_ context.Context, e *Emitter) error {
	for len(f.values) < 250 {
		f.values = append(f.values, fmt.Sprintf("device%d", len(f.values)))
	}
	for i, v := range f.values {
		e.Add(descTest, float64(i), v)
	}
	return nil
}
