package collectors

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"monitord/metric"
)

// microseconds is what the kernel counts stalls in.
const microseconds = 1e6

// A pressure is a file under /proc/pressure: "some" is the time in which at
// least one task waited, "full" the time in which all did.
type pressure struct {
	file       *kernelFile
	some, full *metric.Desc // nil: node_exporter leaves it out
	optional   bool         // the file needs a newer kernel than the others
}

// pressureCollector reads /proc/pressure. It does so itself: procfs' way, which
// is fmt.Sscanf on every number, took a sixth of the whole tick.
type pressureCollector struct{ list []pressure }

func newPressure(procRoot string) *pressureCollector {
	file := func(resource string) *kernelFile {
		return newKernelFile(filepath.Join(procRoot, "pressure", resource))
	}
	seconds := func(name, help string) *metric.Desc {
		return metric.NewDesc("node_pressure_"+name+"_seconds_total", metric.Counter, "seconds", help)
	}
	return &pressureCollector{[]pressure{
		{file: file("cpu"),
			some: seconds("cpu_waiting", "Total time in seconds that processes have waited for CPU time")},
		{file: file("io"),
			some: seconds("io_waiting", "Total time in seconds that processes have waited due to IO congestion"),
			full: seconds("io_stalled", "Total time in seconds no process could make progress due to IO congestion")},
		{file: file("memory"),
			some: seconds("memory_waiting", "Total time in seconds that processes have waited for memory"),
			full: seconds("memory_stalled", "Total time in seconds no process could make progress due to memory congestion")},
		{file: file("irq"), optional: true,
			full: seconds("irq_stalled", "Total time in seconds no process could make progress due to IRQ congestion")},
	}}
}

func (*pressureCollector) Name() string { return "pressure" }

func (c *pressureCollector) Collect(_ context.Context, e *Emitter) error {
	var faults []error
	for _, p := range c.list {
		data, err := p.file.read()
		if p.optional && errors.Is(err, os.ErrNotExist) {
			continue
		}
		var s stalls
		if err == nil {
			s, err = parsePressure(data)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("read pressure: %w", err))
			continue
		}
		if p.some != nil && s.hasSome {
			e.Add(p.some, float64(s.some)/microseconds)
		}
		if p.full != nil && s.hasFull {
			e.Add(p.full, float64(s.full)/microseconds)
		}
	}
	return errors.Join(faults...)
}

func (c *pressureCollector) Close() error {
	var faults []error
	for _, p := range c.list {
		faults = append(faults, p.file.Close())
	}
	return errors.Join(faults...)
}
