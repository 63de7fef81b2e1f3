package collectors

import (
	"context"
	"fmt"

	"golang.org/x/sys/unix"

	"monitord/metric"
)

var descUname = metric.NewDesc("node_uname_info", metric.Gauge, "",
	"Labeled system information as provided by the uname system call.",
	"sysname", "release", "version", "machine", "nodename", "domainname")

// unameCollector asks uname(2); gopsutil gives neither version nor domain.
type unameCollector struct{ uname func(*unix.Utsname) error }

func (unameCollector) Name() string { return "uname" }

func (c unameCollector) Collect(_ context.Context, e *Emitter) error {
	var u unix.Utsname
	if err := c.uname(&u); err != nil {
		return fmt.Errorf("uname: %w", err)
	}
	e.Add(descUname, 1,
		unix.ByteSliceToString(u.Sysname[:]),
		unix.ByteSliceToString(u.Release[:]),
		unix.ByteSliceToString(u.Version[:]),
		unix.ByteSliceToString(u.Machine[:]),
		unix.ByteSliceToString(u.Nodename[:]),
		unix.ByteSliceToString(u.Domainname[:]))
	return nil
}
