package collectors

import (
	"context"
	"fmt"
	"path/filepath"

	"monitord/metric"
)

// statMetrics returns the metric of each line of /proc/stat that has one.
func statMetrics() map[string]*metric.Desc {
	return map[string]*metric.Desc{
		"intr": metric.NewDesc("node_intr_total", metric.Counter, "",
			"Total number of interrupts serviced."),
		"ctxt": metric.NewDesc("node_context_switches_total", metric.Counter, "",
			"Total number of context switches."),
		"processes": metric.NewDesc("node_forks_total", metric.Counter, "",
			"Total number of forks."),
		"btime": metric.NewDesc("node_boot_time_seconds", metric.Gauge, "seconds",
			"Node boot time, in unixtime."),
		"procs_running": metric.NewDesc("node_procs_running", metric.Gauge, "",
			"Number of processes in runnable state."),
		"procs_blocked": metric.NewDesc("node_procs_blocked", metric.Gauge, "",
			"Number of processes blocked waiting for I/O to complete."),
	}
}

// statCollector reads what /proc/stat has beside the processors' times. It does
// so itself: gopsutil spreads it over three readings, one of which first looks
// for containers, and lacks the interrupts; procfs counts every interrupt and
// processor too, which took a fifth of the whole tick.
type statCollector struct {
	file    *kernelFile
	metrics map[string]*metric.Desc
}

func newStat(procRoot string) *statCollector {
	return &statCollector{newKernelFile(filepath.Join(procRoot, "stat")), statMetrics()}
}

func (*statCollector) Name() string { return "stat" }

func (c *statCollector) Collect(_ context.Context, e *Emitter) error {
	data, err := c.file.read()
	if err != nil {
		return err
	}
	found := 0
	err = parseStat(data, func(key []byte, v uint64) {
		if d, ok := c.metrics[string(key)]; ok {
			e.Add(d, float64(v))
			found++
		}
	})
	switch {
	case err != nil:
		return fmt.Errorf("parse %s: %w", c.file.path, err)
	case found < len(c.metrics):
		return fmt.Errorf("%s has %d of %d lines", c.file.path, found, len(c.metrics))
	}
	return nil
}

func (c *statCollector) Close() error { return c.file.Close() }
