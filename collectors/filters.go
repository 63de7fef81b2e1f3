package collectors

import (
	"fmt"
	"regexp"
)

// The configuration's filters, by what they apply to.
const (
	fsTypes = iota
	mountPoints
	diskDevices
	networkDevices
	filterCount
)

// filters returns each filter's key and expression.
func (c Config) filters() [filterCount]struct{ key, expr string } {
	return [filterCount]struct{ key, expr string }{
		fsTypes:        {"filesystem.fs_types_exclude", c.Filesystem.FSTypesExclude},
		mountPoints:    {"filesystem.mount_points_exclude", c.Filesystem.MountPointsExclude},
		diskDevices:    {"disk.device_exclude", c.Disk.DeviceExclude},
		networkDevices: {"network.device_exclude", c.Network.DeviceExclude},
	}
}

// compileFilters returns the filters and every fault in them. The filter of an
// empty expression is nil: it excludes nothing.
func (c Config) compileFilters() (compiled [filterCount]*regexp.Regexp, faults []error) {
	for i, f := range c.filters() {
		if f.expr == "" {
			continue
		}
		re, err := regexp.Compile(f.expr)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: is %q, must be a regular expression (RE2): %w", f.key, f.expr, err))
			continue
		}
		compiled[i] = re
	}
	return compiled, faults
}

// excluded reports whether a filter, nil for none, matches.
func excluded(filter *regexp.Regexp, name string) bool {
	return filter != nil && filter.MatchString(name)
}
