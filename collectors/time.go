package collectors

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/prometheus/procfs/sysfs"

	"monitord/metric"
)

var (
	descTime = metric.NewDesc("node_time_seconds", metric.Gauge, "seconds",
		"System time in seconds since epoch (1970).")
	descZone = metric.NewDesc("node_time_zone_offset_seconds", metric.Gauge, "seconds",
		"System time zone offset in seconds.", "time_zone")
	descClockAvailable = metric.NewDesc("node_time_clocksource_available_info", metric.Gauge, "",
		"Available clocksources read from '/sys/devices/system/clocksource'.", "device", "clocksource")
	descClockCurrent = metric.NewDesc("node_time_clocksource_current_info", metric.Gauge, "",
		"Current clocksource read from '/sys/devices/system/clocksource'.", "device", "clocksource")
)

// clockSourceEvery is how often the clock sources are read: they change next to
// never, and reading them takes longer than all the rest of this file.
const clockSourceEvery = time.Minute

// timeCollector reads the clock, and which one it is.
type timeCollector struct {
	now  func() time.Time
	sys  func() (sysfs.FS, error)
	read time.Time // when the sources were; zero: not yet
	list []sysfs.ClockSource
}

func (*timeCollector) Name() string { return "time" }

func (c *timeCollector) Collect(_ context.Context, e *Emitter) error {
	now := c.now()
	zone, offset := now.Zone()
	e.Add(descTime, float64(now.UnixNano())/1e9)
	e.Add(descZone, float64(offset), zone)

	err := c.readSources(now)
	for i, source := range c.list {
		device := strconv.Itoa(i)
		for _, name := range source.Available {
			e.Add(descClockAvailable, 1, device, name)
		}
		e.Add(descClockCurrent, 1, device, source.Current)
	}
	return err
}

func (c *timeCollector) readSources(now time.Time) error {
	if !c.read.IsZero() && now.Sub(c.read) < clockSourceEvery {
		return nil
	}
	fs, err := c.sys()
	if err != nil {
		return fmt.Errorf("open sys: %w", err)
	}
	list, err := fs.ClockSources()
	if err != nil {
		return fmt.Errorf("read clock sources: %w", err)
	}
	c.read, c.list = now, list
	return nil
}
