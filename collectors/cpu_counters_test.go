package collectors

import (
	"testing"

	"github.com/shirou/gopsutil/v3/cpu"
)

func TestCPUCountersDoNotGoBack(t *testing.T) {
	tests := []struct {
		name               string
		before, read, want cpu.TimesStat
	}{
		{
			"everything grows",
			cpu.TimesStat{Idle: 10, User: 5},
			cpu.TimesStat{Idle: 11, User: 6},
			cpu.TimesStat{Idle: 11, User: 6},
		},
		{
			"steal, iowait and a little idle fall",
			cpu.TimesStat{Idle: 10, Iowait: 4, Steal: 3, User: 5},
			cpu.TimesStat{Idle: 9.99, Iowait: 3, Steal: 1, User: 6},
			cpu.TimesStat{Idle: 10, Iowait: 4, Steal: 3, User: 6},
		},
		{
			"guest times fall",
			cpu.TimesStat{Guest: 2, GuestNice: 2, Nice: 1, Irq: 1, Softirq: 1, System: 1},
			cpu.TimesStat{},
			cpu.TimesStat{Guest: 2, GuestNice: 2, Nice: 1, Irq: 1, Softirq: 1, System: 1},
		},
		{
			"plugged in anew: everything starts again",
			cpu.TimesStat{Idle: 10, User: 5},
			cpu.TimesStat{Idle: 7, User: 1},
			cpu.TimesStat{Idle: 7, User: 1},
		},
	}
	for _, test := range tests {
		c := cpuCounters{}
		c.update(test.before)
		if got := c.update(test.read); got != test.want {
			t.Errorf("%s: got %+v", test.name, got)
		}
	}
}

func TestCPUThatWasOfflineStartsAgain(t *testing.T) {
	c := cpuCounters{}
	zero, one := cpu.TimesStat{CPU: "cpu0", User: 9}, cpu.TimesStat{CPU: "cpu1", User: 9}
	c.update(zero)
	c.update(one)
	c.forgetAllBut([]cpu.TimesStat{zero})
	if got := c.update(cpu.TimesStat{CPU: "cpu1", User: 1}); got.User != 1 {
		t.Errorf("cpu1 user = %v, want 1", got.User)
	}
	if got := c.update(cpu.TimesStat{CPU: "cpu0", User: 1}); got.User != 9 {
		t.Errorf("cpu0 user = %v, want 9", got.User)
	}
}
