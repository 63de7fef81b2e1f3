package collectors

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"

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

// Unread is an expression for what the samples themselves say of what was not read:
// its elements are for [UnreadBy].
const Unread = "node_scrape_collector_success == 0 or node_filesystem_device_error == 1"

// UnreadBy is what was not read at a time at which [Unread] had an element with these
// labels, as far as can be told from it.
func UnreadBy(ls labels.Labels) metric.Unread {
	if name := ls.Get("collector"); name != "" {
		return metric.Unread{Names: reads[name]}
	}
	u := metric.Unread{Labels: labels.NewBuilder(ls).Keep(descFSError.LabelNames()...).Labels()}
	for _, d := range []*metric.Desc{descFSSize, descFSFree, descFSAvail, descFSFiles, descFSFilesFree} {
		u.Names = append(u.Names, d.Name)
	}
	return u
}

func namesOf(points []metric.Point) []string {
	names := make([]string, len(points))
	for i, p := range points {
		names[i] = p.Series.Labels.Get("__name__")
	}
	return names
}
