package collectors

import (
	"fmt"
	"time"
)

// Config says what is sampled and how often. Make it with [Default]: the zero
// value samples nothing.
type Config struct {
	// Interval is the time from one tick to the next. Halving it doubles the
	// size of the history and the work of everything that stands on it.
	Interval time.Duration `toml:"interval"`

	CPU        Switch           `toml:"cpu"`
	Memory     Switch           `toml:"memory"`
	Load       Switch           `toml:"load"`
	Host       Switch           `toml:"host"` // kernel counters, uname, time
	Pressure   Switch           `toml:"pressure"`
	Filesystem FilesystemConfig `toml:"filesystem"`
	Disk       DiskConfig       `toml:"disk"`
	Network    NetworkConfig    `toml:"network"`
}

// A Switch turns a subject on or off that has nothing else to configure.
type Switch struct {
	Enabled bool `toml:"enabled"`
}

// FilesystemConfig configures the reading of mounted file systems.
type FilesystemConfig struct {
	Enabled bool `toml:"enabled"`

	// Interval is the time from one reading to the next, a multiple of the
	// ticks' interval; the default is rounded up to one. It bounds how long a
	// mount that stops answering goes unnoticed.
	Interval time.Duration `toml:"interval"`

	// Regular expressions: what matches is not read. Empty excludes nothing.
	FSTypesExclude     string `toml:"fs_types_exclude"`
	MountPointsExclude string `toml:"mount_points_exclude"`
}

// DiskConfig configures the reading of block devices.
type DiskConfig struct {
	Enabled bool `toml:"enabled"`

	// DeviceExclude is a regular expression: devices that match are not read.
	DeviceExclude string `toml:"device_exclude"`
}

// NetworkConfig configures the reading of network devices.
type NetworkConfig struct {
	Enabled bool `toml:"enabled"`

	// DeviceExclude is a regular expression: devices that match are not read.
	DeviceExclude string `toml:"device_exclude"`

	// LinkInterval is the time from one reading of the devices' state (up,
	// carrier, speed, mtu…) to the next, as in [FilesystemConfig]. The traffic
	// counters are read at each tick. Some drivers take milliseconds to answer.
	LinkInterval time.Duration `toml:"link_interval"`
}

// What node_exporter leaves out when it is told nothing.
const (
	defaultFSTypesExclude     = `^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$`
	defaultMountPointsExclude = `^/(dev|proc|run/credentials/.+|sys|var/lib/docker/.+|var/lib/containers/storage/.+)($|/)`
	defaultDiskExclude        = `^(ram|loop|fd|(h|s|v|xv)d[a-z]|nvme\d+n\d+p)\d+$`
)

const (
	defaultInterval     = time.Second
	defaultSlowInterval = 10 * time.Second
	minInterval         = time.Second
	maxInterval         = time.Hour
)

// Default returns the configuration in force when nothing is configured.
func Default() Config {
	on := Switch{Enabled: true}
	return Config{
		Interval: defaultInterval,
		CPU:      on,
		Memory:   on,
		Load:     on,
		Host:     on,
		Pressure: on,
		Filesystem: FilesystemConfig{
			Enabled:            true,
			Interval:           defaultSlowInterval,
			FSTypesExclude:     defaultFSTypesExclude,
			MountPointsExclude: defaultMountPointsExclude,
		},
		Disk:    DiskConfig{Enabled: true, DeviceExclude: defaultDiskExclude},
		Network: NetworkConfig{Enabled: true, LinkInterval: defaultSlowInterval},
	}
}

// Validate returns every fault, each beginning with its key.
func (c Config) Validate() []error {
	var faults []error
	if err := checkInterval("interval", c.Interval); err != nil {
		faults = append(faults, err)
	}
	for _, slow := range []struct {
		key   string
		every time.Duration
	}{
		{"filesystem.interval", c.Filesystem.Interval},
		{"network.link_interval", c.Network.LinkInterval},
	} {
		if err := checkMultiple(slow.key, slow.every, c.Interval); err != nil {
			faults = append(faults, err)
		}
	}
	_, inFilters := c.compileFilters()
	return append(faults, inFilters...)
}

func checkInterval(key string, d time.Duration) error {
	switch {
	case d < minInterval:
		return fmt.Errorf("%s: is %s, must be at least %s", key, d, minInterval)
	case d > maxInterval:
		return fmt.Errorf("%s: is %s, must be at most %s", key, d, maxInterval)
	case d%time.Millisecond != 0:
		return fmt.Errorf("%s: is %s, must be a whole number of milliseconds", key, d)
	}
	return nil
}

func checkMultiple(key string, d, tick time.Duration) error {
	if d == defaultSlowInterval {
		return nil // may stand there only because nobody chose it
	}
	if err := checkInterval(key, d); err != nil {
		return err
	}
	if tick > 0 && d%tick != 0 {
		return fmt.Errorf("%s: is %s, must be a multiple of interval (%s): try %s", key, d, tick, roundUp(d, tick))
	}
	return nil
}

func roundUp(d, multiple time.Duration) time.Duration {
	return (d + multiple - 1) / multiple * multiple
}
