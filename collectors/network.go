package collectors

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/prometheus/procfs"

	"monitord/metric"
)

// A networkMetric is one column of /proc/net/dev.
type networkMetric struct {
	desc  *metric.Desc
	value func(*procfs.NetDevLine) uint64
}

func networkMetrics() []networkMetric {
	counter := func(name, unit string) *metric.Desc {
		return metric.NewDesc("node_network_"+name+"_total", metric.Counter, unit,
			"Network device statistic "+name+".", "device")
	}
	type line = procfs.NetDevLine
	return []networkMetric{
		{counter("receive_bytes", "bytes"), func(l *line) uint64 { return l.RxBytes }},
		{counter("receive_packets", ""), func(l *line) uint64 { return l.RxPackets }},
		{counter("receive_errs", ""), func(l *line) uint64 { return l.RxErrors }},
		{counter("receive_drop", ""), func(l *line) uint64 { return l.RxDropped }},
		{counter("receive_fifo", ""), func(l *line) uint64 { return l.RxFIFO }},
		{counter("receive_frame", ""), func(l *line) uint64 { return l.RxFrame }},
		{counter("receive_compressed", ""), func(l *line) uint64 { return l.RxCompressed }},
		{counter("receive_multicast", ""), func(l *line) uint64 { return l.RxMulticast }},
		{counter("transmit_bytes", "bytes"), func(l *line) uint64 { return l.TxBytes }},
		{counter("transmit_packets", ""), func(l *line) uint64 { return l.TxPackets }},
		{counter("transmit_errs", ""), func(l *line) uint64 { return l.TxErrors }},
		{counter("transmit_drop", ""), func(l *line) uint64 { return l.TxDropped }},
		{counter("transmit_fifo", ""), func(l *line) uint64 { return l.TxFIFO }},
		{counter("transmit_colls", ""), func(l *line) uint64 { return l.TxCollisions }},
		{counter("transmit_carrier", ""), func(l *line) uint64 { return l.TxCarrier }},
		{counter("transmit_compressed", ""), func(l *line) uint64 { return l.TxCompressed }},
	}
}

// networkCollector reads the traffic counters of /proc/net/dev; gopsutil has
// half of them.
type networkCollector struct {
	fs      procfs.FS
	exclude *regexp.Regexp // nil: nothing
	metrics []networkMetric
}

func (networkCollector) Name() string { return "netdev" }

func (c networkCollector) Collect(_ context.Context, e *Emitter) error {
	lines, err := c.fs.NetDev()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) { // the same order at each tick
		if excluded(c.exclude, name) {
			continue
		}
		line := lines[name]
		for _, m := range c.metrics {
			e.Add(m.desc, float64(m.value(&line)), name)
		}
	}
	return nil
}
