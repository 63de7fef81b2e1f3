package collectors

import (
	"context"
	"regexp"

	"github.com/prometheus/procfs/blockdevice"

	"monitord/metric"
)

const (
	sectorBytes  = 512  // of /proc/diskstats, whatever the device's own are
	milliseconds = 1000 // what it counts times in
)

// A diskMetric is one column of /proc/diskstats. See
// https://docs.kernel.org/admin-guide/iostats.html.
type diskMetric struct {
	desc *metric.Desc
	// since is the number of columns that a kernel has which counts this:
	// 4.18 brought discards, 5.5 flushes.
	since int
	value func(*blockdevice.Diskstats) float64
}

func diskMetrics() []diskMetric {
	const all, discards, flushes = 14, 18, 20
	counter := func(name, unit, help string) *metric.Desc {
		return metric.NewDesc("node_disk_"+name+"_total", metric.Counter, unit, help, "device")
	}
	type stats = blockdevice.Diskstats
	return []diskMetric{
		{counter("reads_completed", "", "The total number of reads completed successfully."),
			all, func(s *stats) float64 { return float64(s.ReadIOs) }},
		{counter("reads_merged", "", "The total number of reads merged."),
			all, func(s *stats) float64 { return float64(s.ReadMerges) }},
		{counter("read_bytes", "bytes", "The total number of bytes read successfully."),
			all, func(s *stats) float64 { return float64(s.ReadSectors) * sectorBytes }},
		{counter("read_time_seconds", "seconds", "The total number of seconds spent by all reads."),
			all, func(s *stats) float64 { return float64(s.ReadTicks) / milliseconds }},
		{counter("writes_completed", "", "The total number of writes completed successfully."),
			all, func(s *stats) float64 { return float64(s.WriteIOs) }},
		{counter("writes_merged", "", "The number of writes merged."),
			all, func(s *stats) float64 { return float64(s.WriteMerges) }},
		{counter("written_bytes", "bytes", "The total number of bytes written successfully."),
			all, func(s *stats) float64 { return float64(s.WriteSectors) * sectorBytes }},
		{counter("write_time_seconds", "seconds", "This is the total number of seconds spent by all writes."),
			all, func(s *stats) float64 { return float64(s.WriteTicks) / milliseconds }},
		{metric.NewDesc("node_disk_io_now", metric.Gauge, "", "The number of I/Os currently in progress.", "device"),
			all, func(s *stats) float64 { return float64(s.IOsInProgress) }},
		{counter("io_time_seconds", "seconds", "Total seconds spent doing I/Os."),
			all, func(s *stats) float64 { return float64(s.IOsTotalTicks) / milliseconds }},
		{counter("io_time_weighted_seconds", "seconds", "The weighted # of seconds spent doing I/Os."),
			all, func(s *stats) float64 { return float64(s.WeightedIOTicks) / milliseconds }},
		{counter("discards_completed", "", "The total number of discards completed successfully."),
			discards, func(s *stats) float64 { return float64(s.DiscardIOs) }},
		{counter("discards_merged", "", "The total number of discards merged."),
			discards, func(s *stats) float64 { return float64(s.DiscardMerges) }},
		{counter("discarded_sectors", "", "The total number of sectors discarded successfully."),
			discards, func(s *stats) float64 { return float64(s.DiscardSectors) }},
		{counter("discard_time_seconds", "seconds", "This is the total number of seconds spent by all discards."),
			discards, func(s *stats) float64 { return float64(s.DiscardTicks) / milliseconds }},
		{counter("flush_requests", "", "The total number of flush requests completed successfully"),
			flushes, func(s *stats) float64 { return float64(s.FlushRequestsCompleted) }},
		{counter("flush_requests_time_seconds", "seconds", "This is the total number of seconds spent by all flush requests."),
			flushes, func(s *stats) float64 { return float64(s.TimeSpentFlushing) / milliseconds }},
	}
}

// diskCollector reads /proc/diskstats.
type diskCollector struct {
	fs      blockdevice.FS
	exclude *regexp.Regexp // nil: nothing
	metrics []diskMetric
}

func (diskCollector) Name() string { return "diskstats" }

func (c diskCollector) Collect(_ context.Context, e *Emitter) error {
	stats, err := c.fs.ProcDiskstats()
	if err != nil {
		return err
	}
	for i := range stats {
		s := &stats[i]
		if excluded(c.exclude, s.DeviceName) {
			continue
		}
		for _, m := range c.metrics {
			if s.IoStatsCount >= m.since {
				e.Add(m.desc, m.value(s), s.DeviceName)
			}
		}
	}
	return nil
}
