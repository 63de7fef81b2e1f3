package collectors

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

func TestDefaultIsValid(t *testing.T) {
	if faults := Default().Validate(); len(faults) != 0 {
		t.Error(faults)
	}
}

func TestValidate(t *testing.T) {
	tests := []struct {
		change func(*Config)
		want   []string // beginnings, in order
	}{
		{func(c *Config) { c.Interval = 0 }, []string{"interval: is 0s, must be at least 1s"}},
		{func(c *Config) { c.Interval = 500 * time.Millisecond }, []string{"interval: is 500ms, must be at least 1s"}},
		{func(c *Config) { c.Interval = 2 * time.Hour }, []string{"interval: is 2h0m0s, must be at most 1h0m0s"}},
		{func(c *Config) { c.Interval = time.Second + 1 }, []string{"interval: is 1.000000001s, must be a whole number of milliseconds"}},
		{func(c *Config) { c.Filesystem.Interval = 1500 * time.Millisecond },
			[]string{"filesystem.interval: is 1.5s, must be a multiple of interval (1s): try 2s"}},
		{func(c *Config) { c.Network.LinkInterval = -1 }, []string{"network.link_interval: is -1ns, must be at least"}},
		{func(c *Config) { c.Interval = 15 * time.Second }, nil}, // the other defaults give way
		{func(c *Config) {
			c.Filesystem.FSTypesExclude = "("
			c.Filesystem.MountPointsExclude = "*"
			c.Disk.DeviceExclude = "[z-a]"
			c.Network.DeviceExclude = `(?!eth)`
		}, []string{
			`filesystem.fs_types_exclude: is "(", must be a regular expression (RE2): `,
			`filesystem.mount_points_exclude: is "*", must be`,
			`disk.device_exclude: is "[z-a]", must be`,
			`network.device_exclude: is "(?!eth)", must be`,
		}},
	}
	for _, test := range tests {
		c := Default()
		test.change(&c)
		faults := c.Validate()
		if len(faults) != len(test.want) {
			t.Errorf("got %v, want %v", faults, test.want)
			continue
		}
		for i, want := range test.want {
			if !strings.HasPrefix(faults[i].Error(), want) {
				t.Errorf("got %q, want %q", faults[i], want)
			}
		}
		if _, err := New(c, metric.NewRegistry(labels.EmptyLabels()), quiet(), nil); (err != nil) != (len(faults) > 0) {
			t.Errorf("New: %v, with faults %v", err, faults)
		}
	}
}

func TestEverySubjectCanBeSwitchedOff(t *testing.T) {
	switches := map[string]func(*Config){
		"cpu":        func(c *Config) { c.CPU.Enabled = false },
		"meminfo":    func(c *Config) { c.Memory.Enabled = false },
		"loadavg":    func(c *Config) { c.Load.Enabled = false },
		"stat":       func(c *Config) { c.Host.Enabled = false },
		"uname":      func(c *Config) { c.Host.Enabled = false },
		"time":       func(c *Config) { c.Host.Enabled = false },
		"pressure":   func(c *Config) { c.Pressure.Enabled = false },
		"diskstats":  func(c *Config) { c.Disk.Enabled = false },
		"netdev":     func(c *Config) { c.Network.Enabled = false },
		"netclass":   func(c *Config) { c.Network.Enabled = false },
		"filesystem": func(c *Config) { c.Filesystem.Enabled = false },
	}
	all := testSampler(t, Default(), recorded()).Stats().Collectors
	if len(all) != len(switches) {
		t.Errorf("%d collectors, %d of them can be switched off", len(all), len(switches))
	}
	for name, off := range switches {
		c := Default()
		off(&c)
		for _, there := range testSampler(t, c, recorded()).Stats().Collectors {
			if there.Name == name {
				t.Errorf("%s is still there", name)
			}
		}
	}
}

func TestFiltersApply(t *testing.T) {
	cfg := Default()
	cfg.Disk.DeviceExclude = "^(loop|nvme|dm)"
	cfg.Network.DeviceExclude = "^(lo|wlan0)$"
	cfg.Filesystem.FSTypesExclude = "^(xfs|tmpfs|overlay|proc|sysfs|devtmpfs)$"
	cfg.Filesystem.MountPointsExclude = "^/usr"
	batches, _ := sample(t, 2, func() *Sampler { return testSampler(t, cfg, recorded()) })
	seen := make(map[string]bool)
	for _, p := range batches[1].Points {
		for _, label := range []string{"device", "mountpoint"} {
			if v := p.Series.Labels.Get(label); v != "" && !strings.HasPrefix(p.Series.Desc.Name, "node_time") {
				seen[label+" "+v] = true
			}
		}
	}
	for _, want := range []string{"device sda", "device sda1", "device eth0", "device /dev/vda", "mountpoint /", "mountpoint /srv"} {
		if !seen[want] {
			t.Errorf("%s is missing", want)
		}
	}
	for _, gone := range []string{"device loop0", "device dm-0", "device lo", "device wlan0", "mountpoint /opt", "mountpoint /usr/share/monitord test"} {
		if seen[gone] {
			t.Errorf("%s is there", gone)
		}
	}
}
