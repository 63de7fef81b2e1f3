package collectors

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"monitord/metric"
)

var descTest = metric.NewDesc("test_value", metric.Gauge, "", "A value.", "from")

// fake is a collector that adds its name and does what it is told.
type fake struct {
	name string
	do   func(ctx context.Context, run int, e *Emitter) error
	runs int
}

func (f *fake) Name() string { return f.name }

func (f *fake) Collect(ctx context.Context, e *Emitter) error {
	f.runs++
	e.Add(descTest, float64(f.runs), f.name)
	if f.do == nil {
		return nil
	}
	return f.do(ctx, f.runs, e)
}

func value(from string) string { return seriesName("test_value", "from", from) }
func success(name string) string {
	return seriesName("node_scrape_collector_success", "collector", name)
}

func TestTicksAreMultiplesOfTheInterval(t *testing.T) {
	cfg := onlyExtra()
	cfg.Interval = 5 * time.Second
	batches, stats := sample(t, 3, func() *Sampler {
		<-time.After(1234 * time.Millisecond) // begin off the grid
		return testSampler(t, cfg, recorded(), &fake{name: "a"})
	})
	for i, b := range batches {
		if b.T%5000 != 0 || i > 0 && b.T != batches[i-1].T+5000 {
			t.Errorf("tick %d at %d", i, b.T)
		}
	}
	if stats.Ticks != 3 || stats.Last != batches[2].T || stats.Missed.Total() != 0 {
		t.Errorf("stats %+v", stats)
	}
}

func TestSlowDeliveryLeavesTicksOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := testSampler(t, onlyExtra(), recorded())
		ctx, cancel := context.WithCancel(t.Context())
		var times []int64
		begin := time.Now().UnixMilli()
		delays := []time.Duration{0, 1400 * time.Millisecond, 0, 3600 * time.Millisecond, 0}
		if err := s.Run(ctx, func(_ context.Context, b metric.Batch) {
			times = append(times, (b.T-begin)/1000)
			if len(times) == len(delays) {
				cancel()
			}
			<-time.After(delays[len(times)-1])
		}); err != nil {
			t.Fatal(err)
		}
		want := []int64{1, 2, 3, 4, 8}
		for i := range want {
			if times[i] != want[i] {
				t.Fatalf("ticks at %v, want %v", times, want)
			}
		}
		if m := s.Stats().Missed; m != (Missed{Overrun: 3}) {
			t.Errorf("missed %+v", m)
		}
	})
}

func TestFailuresHarmNoOther(t *testing.T) {
	batches, stats := sample(t, 3, func() *Sampler {
		return testSampler(t, onlyExtra(), recorded(),
			&fake{name: "fails", do: func(_ context.Context, run int, _ *Emitter) error {
				if run == 2 {
					return errors.New("no such luck")
				}
				return nil
			}},
			&fake{name: "panics", do: func(_ context.Context, run int, _ *Emitter) error {
				if run == 2 {
					panic("at the disco")
				}
				return nil
			}},
			&fake{name: "works"})
	})
	broken := find(batches[1])
	for series, want := range map[string]float64{
		success("fails"): 0, success("panics"): 0, success("works"): 1,
		value("fails"): 2, value("works"): 2,
	} {
		if got, ok := broken[series]; !ok || got != want {
			t.Errorf("%s = %v, %v, want %v", series, got, ok, want)
		}
	}
	if _, ok := broken[value("panics")]; ok {
		t.Error("what a collector added before it panicked was kept")
	}
	if len(batches[1].Ended) != 1 || len(batches[2].Ended) != 0 {
		t.Errorf("ended %v, then %v", batches[1].Ended, batches[2].Ended)
	}
	if well := find(batches[2]); well[success("panics")] != 1 || well[value("panics")] != 3 {
		t.Error("did not recover")
	}
	for _, c := range stats.Collectors {
		if c.Runs != 3 || c.Hung != 0 || (c.Name == "panics") != (c.Panics == 1) || (c.Name == "works") != (c.Failed == 0) {
			t.Errorf("stats %+v", c)
		}
	}
}

func TestHangingCollectorIsSkipped(t *testing.T) {
	batches, stats := sample(t, 5, func() *Sampler {
		return testSampler(t, onlyExtra(), recorded(),
			&fake{name: "hangs", do: func(_ context.Context, run int, _ *Emitter) error {
				if run == 2 {
					<-time.After(2500 * time.Millisecond)
				}
				return nil
			}},
			&fake{name: "works"})
	})
	for i, b := range batches {
		got, hanging := find(b), i == 1 || i == 2 || i == 3
		if _, ok := got[value("hangs")]; ok == hanging {
			t.Errorf("tick %d: value there: %v", i, ok)
		}
		if (got[success("hangs")] == 0) != hanging {
			t.Errorf("tick %d: success = %v", i, got[success("hangs")])
		}
		if got[value("works")] != float64(i+1) {
			t.Errorf("tick %d: the other's value is %v", i, got[value("works")])
		}
	}
	if c := stats.Collectors[0]; c.Hung != 1 || c.Runs != 3 || c.Stuck != 0 {
		t.Errorf("stats %+v", c)
	}
	if stats.Missed.Total() != 0 {
		t.Errorf("ticks were missed: %+v", stats.Missed)
	}
}

func TestManyThatHangAtOnce(t *testing.T) {
	const hangs = 3
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var extra []Collector
		for range hangs {
			extra = append(extra, &fake{name: "hangs", do: func(context.Context, int, *Emitter) error {
				<-release
				return nil
			}}, &fake{name: "works"})
		}
		s := testSampler(t, onlyExtra(), recorded(), extra...)
		ctx, cancel := context.WithCancel(t.Context())
		ticks := 0
		if err := s.Run(ctx, func(context.Context, metric.Batch) {
			if ticks++; ticks == 10 {
				cancel()
			}
		}); err != nil {
			t.Fatal(err)
		}
		var stuck, runs int
		for _, c := range s.Stats().Collectors {
			stuck += c.Stuck
			runs += int(c.Runs)
		}
		if stuck != hangs || runs != hangs*10 || s.Stats().Missed.Total() != 0 {
			t.Errorf("%d stuck, %d runs, missed %+v", stuck, runs, s.Stats().Missed)
		}
		close(release)
	})
}

func TestValuesThatAreNoNumbersAreLeftOut(t *testing.T) {
	batches, stats := sample(t, 1, func() *Sampler {
		return testSampler(t, onlyExtra(), recorded(), &fake{name: "\xff", do: func(_ context.Context, _ int, e *Emitter) error {
			e.Add(descTest, math.NaN(), "nan")
			e.Add(descTest, math.Inf(-1), "inf")
			e.Add(descTest, 7, "\xff") // the second of this series
			return nil
		}})
	})
	if got := find(batches[0])[value("\uFFFD")]; got != 1 {
		t.Errorf("value = %v", got)
	}
	if stats.Dropped != 3 {
		t.Errorf("dropped %d", stats.Dropped)
	}
}
