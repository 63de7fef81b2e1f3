package collectors

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"

	"monitord/metric"
)

// A diskMetric is one column of /proc/diskstats, divided by what makes its unit
// the metric's.
type diskMetric struct {
	desc    *metric.Desc
	divisor float64
}

const (
	diskAlways = 11 // columns that every kernel has

	plain        = 1
	sectors      = 1.0 / 512 // whatever the device's own are
	milliseconds = 1000
)

// diskMetrics returns the metric of each column.
func diskMetrics() [diskColumns]diskMetric {
	counter := func(name, unit, help string) *metric.Desc {
		return metric.NewDesc("node_disk_"+name+"_total", metric.Counter, unit, help, "device")
	}
	return [diskColumns]diskMetric{
		{counter("reads_completed", "", "The total number of reads completed successfully."), plain},
		{counter("reads_merged", "", "The total number of reads merged."), plain},
		{counter("read_bytes", "bytes", "The total number of bytes read successfully."), sectors},
		{counter("read_time_seconds", "seconds", "The total number of seconds spent by all reads."), milliseconds},
		{counter("writes_completed", "", "The total number of writes completed successfully."), plain},
		{counter("writes_merged", "", "The number of writes merged."), plain},
		{counter("written_bytes", "bytes", "The total number of bytes written successfully."), sectors},
		{counter("write_time_seconds", "seconds", "This is the total number of seconds spent by all writes."), milliseconds},
		{metric.NewDesc("node_disk_io_now", metric.Gauge, "", "The number of I/Os currently in progress.", "device"), plain},
		{counter("io_time_seconds", "seconds", "Total seconds spent doing I/Os."), milliseconds},
		{counter("io_time_weighted_seconds", "seconds", "The weighted # of seconds spent doing I/Os."), milliseconds},
		{counter("discards_completed", "", "The total number of discards completed successfully."), plain},
		{counter("discards_merged", "", "The total number of discards merged."), plain},
		{counter("discarded_sectors", "", "The total number of sectors discarded successfully."), plain},
		{counter("discard_time_seconds", "seconds", "This is the total number of seconds spent by all discards."), milliseconds},
		{counter("flush_requests", "", "The total number of flush requests completed successfully"), plain},
		{counter("flush_requests_time_seconds", "seconds", "This is the total number of seconds spent by all flush requests."), milliseconds},
	}
}

// diskCollector reads /proc/diskstats. It does so itself: gopsutil lacks half of
// it, and procfs' way, which is fmt.Sscanf on every line, took a quarter of the
// whole tick, and more on a host with many loop devices.
type diskCollector struct {
	file    *kernelFile
	exclude *regexp.Regexp // nil: nothing
	metrics [diskColumns]diskMetric
	names   names
}

func newDisk(procRoot string, exclude *regexp.Regexp) *diskCollector {
	return &diskCollector{
		file:    newKernelFile(filepath.Join(procRoot, "diskstats")),
		exclude: exclude,
		metrics: diskMetrics(),
		names:   make(names),
	}
}

func (*diskCollector) Name() string { return "diskstats" }

func (c *diskCollector) Collect(_ context.Context, e *Emitter) error {
	data, err := c.file.read()
	if err != nil {
		return err
	}
	err = parseDiskstats(data, func(d *diskLine) {
		device, ok := c.names.of(d.device, c.exclude)
		if !ok {
			return
		}
		for i := range d.n {
			m := &c.metrics[i]
			e.Add(m.desc, float64(d.columns[i])/m.divisor, device)
		}
	})
	if err != nil {
		return fmt.Errorf("parse %s: %w", c.file.path, err)
	}
	return nil
}

func (c *diskCollector) Close() error { return c.file.Close() }
