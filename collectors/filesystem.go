package collectors

import (
	"context"
	"fmt"
	"regexp"
	"time"

	"github.com/prometheus/procfs"
	"github.com/shirou/gopsutil/v3/disk"

	"monitord/metric"
)

var filesystemLabels = []string{"device", "mountpoint", "fstype"}

func filesystemGauge(name, unit, help string) *metric.Desc {
	return metric.NewDesc("node_filesystem_"+name, metric.Gauge, unit, help, filesystemLabels...)
}

var (
	descFSSize  = filesystemGauge("size_bytes", "bytes", "Filesystem size in bytes.")
	descFSFree  = filesystemGauge("free_bytes", "bytes", "Filesystem free space in bytes.")
	descFSAvail = filesystemGauge("avail_bytes", "bytes",
		"Filesystem space available to non-root users in bytes.")
	descFSFiles     = filesystemGauge("files", "", "Filesystem total file nodes.")
	descFSFilesFree = filesystemGauge("files_free", "", "Filesystem total free file nodes.")
	descFSReadOnly  = filesystemGauge("readonly", "", "Filesystem read-only status.")
	descFSError     = filesystemGauge("device_error", "",
		"Whether an error occurred while getting statistics for the given device.")
)

// mountTimeout is how long a mount may take to answer, short of slowDeadline so
// that one that never does takes none of the others with it.
const mountTimeout = 3 * time.Second

// filesystemCollector asks each mounted file system for its figures.
//
// What is mounted, and whether read-only, comes from the first process: in the
// daemon's own sandbox more is read-only, and less is mounted.
type filesystemCollector struct {
	proc          procfs.FS
	excludePoints *regexp.Regexp
	excludeTypes  *regexp.Regexp
	prober        *prober
}

func (*filesystemCollector) Name() string { return "filesystem" }

// Stuck returns how many mounts do not answer.
func (c *filesystemCollector) Stuck() int { return c.prober.stuck() }

func (c *filesystemCollector) Collect(ctx context.Context, e *Emitter) error {
	list, err := c.proc.GetProcMounts(1)
	if err != nil {
		// Where /proc hides other users' processes.
		if list, err = c.proc.GetMounts(); err != nil {
			return fmt.Errorf("list mounts: %w", err)
		}
	}
	limited, cancel := context.WithTimeout(ctx, mountTimeout)
	defer cancel()
	mounts := selectMounts(list, c.excludePoints, c.excludeTypes)
	c.prober.probe(limited, mounts, func(m mount, usage *disk.UsageStat) {
		labels := [...]string{m.device, m.point, m.fsType}
		e.Add(descFSError, boolValue(usage == nil), labels[:]...)
		e.Add(descFSReadOnly, boolValue(m.readOnly), labels[:]...)
		if usage == nil {
			e.Unread(labels[:], descFSSize, descFSFree, descFSAvail, descFSFiles, descFSFilesFree)
			return
		}
		e.Add(descFSSize, float64(usage.Total), labels[:]...)
		e.Add(descFSFree, float64(usage.Total-usage.Used), labels[:]...)
		e.Add(descFSAvail, float64(usage.Free), labels[:]...)
		e.Add(descFSFiles, float64(usage.InodesTotal), labels[:]...)
		e.Add(descFSFilesFree, float64(usage.InodesFree), labels[:]...)
	})
	return nil
}
