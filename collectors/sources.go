package collectors

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/sysfs"
	"github.com/shirou/gopsutil/v3/disk"
	"golang.org/x/sys/unix"
)

// sources are where the host is read. Tests put recorded trees in their place.
type sources struct {
	procRoot, sysRoot string
	uname             func(*unix.Utsname) error
	statfs            statfsFunc
	now               func() time.Time // the wall clock
	clock             Clock
}

func hostSources() sources {
	return sources{
		procRoot: "/proc",
		sysRoot:  "/sys",
		uname:    unix.Uname,
		statfs:   disk.UsageWithContext,
		now:      time.Now,
		clock:    hostClock{},
	}
}

// A slowCollector runs between ticks, this often.
type slowCollector struct {
	Collector
	every time.Duration
}

// subjects makes the collectors that cfg, which is valid, switches on: those that run at the
// tick, and those that run between ticks.
func subjects(cfg Config, src sources, log *slog.Logger) (quick []Collector, slow []slowCollector, err error) {
	exclude, _ := cfg.compileFilters()
	proc, err := procfs.NewFS(src.procRoot)
	if err != nil {
		return nil, nil, fmt.Errorf("open proc: %w", err)
	}
	if cfg.CPU.Enabled {
		quick = append(quick, newCPU())
	}
	if cfg.Memory.Enabled {
		quick = append(quick, newMemory(src.procRoot))
	}
	if cfg.Load.Enabled {
		quick = append(quick, loadCollector{})
	}
	if cfg.Host.Enabled {
		quick = append(quick,
			newStat(src.procRoot),
			unameCollector{src.uname},
			&timeCollector{now: src.now, sys: func() (sysfs.FS, error) { return sysfs.NewFS(src.sysRoot) }})
	}
	if cfg.Pressure.Enabled {
		quick = append(quick, newPressure(src.procRoot))
	}
	if cfg.Disk.Enabled {
		quick = append(quick, newDisk(src.procRoot, exclude[diskDevices]))
	}
	if cfg.Network.Enabled {
		quick = append(quick, networkCollector{proc, exclude[networkDevices], networkMetrics()})
		slow = append(slow, slowCollector{newLink(src.sysRoot, exclude[networkDevices]), cfg.Network.LinkInterval})
	}
	if cfg.Filesystem.Enabled {
		slow = append(slow, slowCollector{&filesystemCollector{
			proc:          proc,
			excludePoints: exclude[mountPoints],
			excludeTypes:  exclude[fsTypes],
			prober:        newProber(src.statfs, log),
		}, cfg.Filesystem.Interval})
	}
	return quick, slow, nil
}
