package collectors

import (
	"slices"

	"monitord/metric"
)

// reads are the metrics of each collector, for as long as it has not been well
// since the start and nobody knows what it would have found.
var reads = map[string][]string{
	"cpu":        {"node_cpu_*"},
	"diskstats":  {"node_disk_*"},
	"filesystem": {"node_filesystem_*"},
	"loadavg":    {"node_load*"},
	"meminfo":    {"node_memory_*"},
	"monitord":   {"monitord_*"},
	"netclass":   {"node_network_*"},
	"netdev":     {"node_network_*"},
	"pressure":   {"node_pressure_*"},
	"stat":       {"node_boot_time_seconds", "node_context_switches_total", "node_forks_total", "node_intr_total", "node_procs_*"},
	"time":       {"node_time_*"},
	"uname":      {"node_uname_info"},
}

// unreadOf is what a collector that fails leaves unread: what it found when it
// was last well.
func unreadOf(collector string, names []string) []metric.Unread {
	if len(names) == 0 {
		names = reads[collector]
	}
	if len(names) == 0 {
		return []metric.Unread{}
	}
	names = slices.Clone(names)
	slices.Sort(names)
	return []metric.Unread{{Names: slices.Compact(names)}}
}

func namesOf(points []metric.Point) []string {
	names := make([]string, len(points))
	for i, p := range points {
		names[i] = p.Series.Labels.Get("__name__")
	}
	return names
}
