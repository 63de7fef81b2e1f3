package collectors

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/prometheus/procfs"

	"monitord/metric"
)

// microseconds is what the kernel counts stalls in. See
// https://docs.kernel.org/accounting/psi.html.
const microseconds = 1e6

// A pressure is a file under /proc/pressure: "some" is the time in which at
// least one task waited, "full" the time in which all did.
type pressure struct {
	resource   string
	some, full *metric.Desc // nil: node_exporter leaves it out
	optional   bool         // the file needs a newer kernel than the others
}

func pressures() []pressure {
	seconds := func(name, help string) *metric.Desc {
		return metric.NewDesc("node_pressure_"+name+"_seconds_total", metric.Counter, "seconds", help)
	}
	return []pressure{
		{resource: "cpu",
			some: seconds("cpu_waiting", "Total time in seconds that processes have waited for CPU time")},
		{resource: "io",
			some: seconds("io_waiting", "Total time in seconds that processes have waited due to IO congestion"),
			full: seconds("io_stalled", "Total time in seconds no process could make progress due to IO congestion")},
		{resource: "memory",
			some: seconds("memory_waiting", "Total time in seconds that processes have waited for memory"),
			full: seconds("memory_stalled", "Total time in seconds no process could make progress due to memory congestion")},
		{resource: "irq", optional: true,
			full: seconds("irq_stalled", "Total time in seconds no process could make progress due to IRQ congestion")},
	}
}

// pressureCollector reads /proc/pressure.
type pressureCollector struct {
	fs   procfs.FS
	list []pressure
}

func (pressureCollector) Name() string { return "pressure" }

func (c pressureCollector) Collect(_ context.Context, e *Emitter) error {
	var faults []error
	for _, p := range c.list {
		stats, err := c.fs.PSIStatsForResource(p.resource)
		if err != nil {
			if !p.optional || !errors.Is(err, os.ErrNotExist) {
				faults = append(faults, fmt.Errorf("read pressure of %s: %w", p.resource, err))
			}
			continue
		}
		if p.some != nil && stats.Some != nil {
			e.Add(p.some, float64(stats.Some.Total)/microseconds)
		}
		if p.full != nil && stats.Full != nil {
			e.Add(p.full, float64(stats.Full.Total)/microseconds)
		}
	}
	return errors.Join(faults...)
}
