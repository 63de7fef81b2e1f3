package collectors

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/prometheus/procfs/sysfs"

	"monitord/metric"
)

var (
	descLinkUp = metric.NewDesc("node_network_up", metric.Gauge, "",
		"Value is 1 if operstate is 'up', 0 otherwise.", "device")
	descLinkInfo = metric.NewDesc("node_network_info", metric.Gauge, "",
		"Non-numeric data from /sys/class/net/<iface>, value is always 1.",
		"device", "address", "broadcast", "duplex", "operstate", "ifalias")
	descLinkSpeed = metric.NewDesc("node_network_speed_bytes", metric.Gauge, "bytes",
		"Network device property: speed_bytes", "device")
	descNoHandler = metric.NewDesc("node_network_receive_nohandler_total", metric.Counter, "",
		"Network device statistic receive_nohandler.", "device")
)

// megabit is bytes: the unit of the kernel's speed in that of the metric's.
const megabit = 1000 * 1000 / 8

// A linkMetric is one numeric file of /sys/class/net/DEVICE. See
// https://docs.kernel.org/admin-guide/abi-testing.html, class/net.
type linkMetric struct {
	file  string
	desc  *metric.Desc
	value func(*sysfs.NetClassIface) *int64
}

func linkMetrics() []linkMetric {
	property := func(name string, typ metric.Type, unit string) *metric.Desc {
		return metric.NewDesc("node_network_"+name, typ, unit, "Network device property: "+name, "device")
	}
	type iface = sysfs.NetClassIface
	return []linkMetric{
		{"addr_assign_type", property("address_assign_type", metric.Gauge, ""), func(i *iface) *int64 { return i.AddrAssignType }},
		{"carrier", property("carrier", metric.Gauge, ""), func(i *iface) *int64 { return i.Carrier }},
		{"carrier_changes", property("carrier_changes_total", metric.Counter, ""), func(i *iface) *int64 { return i.CarrierChanges }},
		{"carrier_up_count", property("carrier_up_changes_total", metric.Counter, ""), func(i *iface) *int64 { return i.CarrierUpCount }},
		{"carrier_down_count", property("carrier_down_changes_total", metric.Counter, ""), func(i *iface) *int64 { return i.CarrierDownCount }},
		{"dev_id", property("device_id", metric.Gauge, ""), func(i *iface) *int64 { return i.DevID }},
		{"dormant", property("dormant", metric.Gauge, ""), func(i *iface) *int64 { return i.Dormant }},
		{"flags", property("flags", metric.Gauge, ""), func(i *iface) *int64 { return i.Flags }},
		{"ifindex", property("iface_id", metric.Gauge, ""), func(i *iface) *int64 { return i.IfIndex }},
		{"iflink", property("iface_link", metric.Gauge, ""), func(i *iface) *int64 { return i.IfLink }},
		{"link_mode", property("iface_link_mode", metric.Gauge, ""), func(i *iface) *int64 { return i.LinkMode }},
		{"mtu", property("mtu_bytes", metric.Gauge, "bytes"), func(i *iface) *int64 { return i.MTU }},
		{"name_assign_type", property("name_assign_type", metric.Gauge, ""), func(i *iface) *int64 { return i.NameAssignType }},
		{"netdev_group", property("net_dev_group", metric.Gauge, ""), func(i *iface) *int64 { return i.NetDevGroup }},
		{"tx_queue_len", property("transmit_queue_length", metric.Gauge, ""), func(i *iface) *int64 { return i.TxQueueLen }},
		{"type", property("protocol_type", metric.Gauge, ""), func(i *iface) *int64 { return i.Type }},
	}
}

// linkOther are the files that become no metric of their own.
var linkOther = [...]string{"address", "broadcast", "duplex", "ifalias", "operstate", "speed"}

// linkCollector reads the state of network devices. It runs between ticks: some
// of these files make the kernel ask the driver, under a lock that others hold.
type linkCollector struct {
	dir     string // /sys/class/net
	exclude *regexp.Regexp
	metrics []linkMetric
}

func newLink(sysRoot string, exclude *regexp.Regexp) linkCollector {
	return linkCollector{
		dir:     filepath.Join(sysRoot, "class/net"),
		exclude: exclude,
		metrics: linkMetrics(),
	}
}

func (linkCollector) Name() string { return "netclass" }

func (c linkCollector) Collect(ctx context.Context, e *Emitter) error {
	devices, err := os.ReadDir(c.dir)
	if err != nil {
		return err
	}
	var faults []error
	for _, d := range devices {
		// Regular files such as bonding_masters stand among the devices.
		if d.Type().IsRegular() || excluded(c.exclude, d.Name()) {
			continue
		}
		if err := c.device(e, d.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
			faults = append(faults, err)
		}
		if err := ctx.Err(); err != nil {
			return errors.Join(append(faults, err)...)
		}
	}
	return errors.Join(faults...)
}

func (c linkCollector) device(e *Emitter, name string) error {
	path := filepath.Join(c.dir, name)
	var i sysfs.NetClassIface
	for _, m := range c.metrics {
		if err := sysfs.ParseNetClassAttribute(path, m.file, &i); err != nil {
			return fmt.Errorf("read network device: %w", err)
		}
	}
	for _, file := range linkOther {
		if err := sysfs.ParseNetClassAttribute(path, file, &i); err != nil {
			return fmt.Errorf("read network device: %w", err)
		}
	}

	if i.IfIndex == nil {
		return nil // every device has one: this one is gone by now
	}
	e.Add(descLinkUp, boolValue(i.OperState == "up"), name)
	e.Add(descLinkInfo, 1, name, i.Address, i.Broadcast, i.Duplex, i.OperState, i.IfAlias)
	for _, m := range c.metrics {
		if v := m.value(&i); v != nil {
			e.Add(m.desc, float64(*v), name)
		}
	}
	// Drivers say -1 for unknown, which node_exporter passes on. A negative
	// speed is worse than none.
	if i.Speed != nil && *i.Speed >= 0 {
		e.Add(descLinkSpeed, float64(*i.Speed)*megabit, name)
	}
	return c.noHandler(e, path, name)
}

// noHandler reads the one counter of a device that /proc/net/dev lacks.
func (c linkCollector) noHandler(e *Emitter, path, name string) error {
	data, err := os.ReadFile(filepath.Join(path, "statistics/rx_nohandler"))
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 64)
	if err != nil {
		return fmt.Errorf("read rx_nohandler of %s: %w", name, err)
	}
	e.Add(descNoHandler, float64(n), name)
	return nil
}
