package collectors

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/shirou/gopsutil/v3/cpu"

	"monitord/metric"
)

var (
	descCPU = metric.NewDesc("node_cpu_seconds_total", metric.Counter, "seconds",
		"Seconds the CPUs spent in each mode.", "cpu", "mode")
	// Guest time is part of user and nice too: a metric of its own keeps the
	// sum over modes right.
	descCPUGuest = metric.NewDesc("node_cpu_guest_seconds_total", metric.Counter, "seconds",
		"Seconds the CPUs spent in guests (VMs) for each mode.", "cpu", "mode")
)

// cpuCollector reads the times of each processor, of the first line of
// /proc/stat on.
type cpuCollector struct{ counters cpuCounters }

func newCPU() *cpuCollector { return &cpuCollector{counters: cpuCounters{}} }

func (*cpuCollector) Name() string { return "cpu" }

func (c *cpuCollector) Collect(ctx context.Context, e *Emitter) error {
	times, err := cpu.TimesWithContext(ctx, true)
	if err != nil {
		return err
	}
	if len(times) == 0 {
		return errors.New("read stat: no processor found") // gopsutil swallows the error
	}
	now := time.Now()
	for _, read := range times {
		name := strings.TrimPrefix(read.CPU, "cpu")
		t := c.counters.update(read, now)
		e.Add(descCPU, t.User, name, "user")
		e.Add(descCPU, t.Nice, name, "nice")
		e.Add(descCPU, t.System, name, "system")
		e.Add(descCPU, t.Idle, name, "idle")
		e.Add(descCPU, t.Iowait, name, "iowait")
		e.Add(descCPU, t.Irq, name, "irq")
		e.Add(descCPU, t.Softirq, name, "softirq")
		e.Add(descCPU, t.Steal, name, "steal")
		e.Add(descCPUGuest, t.Guest, name, "user")
		e.Add(descCPUGuest, t.GuestNice, name, "nice")
	}
	c.counters.forgetAllBut(times)
	return nil
}
