package collectors

import (
	"fmt"
	"math"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

func TestEmitter(t *testing.T) {
	for _, deferred := range []bool{false, true} {
		e := &Emitter{reg: metric.NewRegistry(labels.EmptyLabels())}
		if deferred {
			e.reg = nil
		}
		values := []string{"a"}
		e.Add(descTest, 1, values...)
		values[0] = "b" // the caller's to change
		e.Add(descTest, 2, values...)
		e.Add(descTest, 3, "bad \xff byte")
		e.Add(descTest, math.NaN(), "c")
		e.Add(descTest, math.Inf(1), "c")

		var got []string
		for _, p := range e.points {
			got = append(got, fmt.Sprint(p.Series.Labels.Get("from"), p.V))
		}
		for _, p := range e.pending {
			got = append(got, fmt.Sprint(p.values[0], p.v))
		}
		if want := "[a1 b2 bad \uFFFD byte3]"; fmt.Sprint(got) != want || e.dropped != 2 {
			t.Errorf("deferred %v: %v, dropped %d", deferred, got, e.dropped)
		}
		for i := range maxPoints {
			e.Add(descTest, float64(i), "a")
		}
		if n := len(e.points) + len(e.pending); n != maxPoints || e.dropped != 2+3 {
			t.Errorf("deferred %v: %d points, dropped %d", deferred, n, e.dropped)
		}
		e.reset()
		if len(e.points)+len(e.pending)+e.dropped != 0 {
			t.Errorf("deferred %v: not empty after reset", deferred)
		}
	}
}

func TestNames(t *testing.T) {
	n := make(names)
	exclude, _ := Default().compileFilters()
	for range 2 {
		for device, want := range map[string]bool{"sda": true, "sda1": false, "loop7": false, "nvme0n1": true, "nvme0n1p2": false} {
			if name, ok := n.of([]byte(device), exclude[diskDevices]); ok != want || name != device {
				t.Errorf("%s: %q, %v", device, name, ok)
			}
		}
	}
	for i := range maxNames * 2 {
		n.of(fmt.Appendf(nil, "veth%d", i), nil)
	}
	if len(n) > maxNames {
		t.Errorf("%d names remembered", len(n))
	}
}
