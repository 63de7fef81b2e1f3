package collectors

import (
	"context"

	"github.com/prometheus/procfs"

	"monitord/metric"
)

var (
	descInterrupts = metric.NewDesc("node_intr_total", metric.Counter, "",
		"Total number of interrupts serviced.")
	descContextSwitches = metric.NewDesc("node_context_switches_total", metric.Counter, "",
		"Total number of context switches.")
	descForks = metric.NewDesc("node_forks_total", metric.Counter, "",
		"Total number of forks.")
	descBootTime = metric.NewDesc("node_boot_time_seconds", metric.Gauge, "seconds",
		"Node boot time, in unixtime.")
	descProcsRunning = metric.NewDesc("node_procs_running", metric.Gauge, "",
		"Number of processes in runnable state.")
	descProcsBlocked = metric.NewDesc("node_procs_blocked", metric.Gauge, "",
		"Number of processes blocked waiting for I/O to complete.")
)

// statCollector reads what /proc/stat has beside the processors' times. gopsutil
// spreads it over three readings, one of which first looks for containers, and
// lacks the interrupts.
type statCollector struct{ fs procfs.FS }

func (statCollector) Name() string { return "stat" }

func (c statCollector) Collect(_ context.Context, e *Emitter) error {
	stat, err := c.fs.Stat()
	if err != nil {
		return err
	}
	e.Add(descInterrupts, float64(stat.IRQTotal))
	e.Add(descContextSwitches, float64(stat.ContextSwitches))
	e.Add(descForks, float64(stat.ProcessCreated))
	e.Add(descBootTime, float64(stat.BootTime))
	e.Add(descProcsRunning, float64(stat.ProcessesRunning))
	e.Add(descProcsBlocked, float64(stat.ProcessesBlocked))
	return nil
}
