package collectors

import (
	"testing"
	"time"

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
			"plugged in anew: what counts from its own start goes on",
			cpu.TimesStat{Idle: 10, User: 5},
			cpu.TimesStat{Idle: 7, User: 6},
			cpu.TimesStat{Idle: 10, User: 6},
		},
		{
			"steal leaps when the machine is moved, or falls below zero",
			cpu.TimesStat{Idle: 10, Steal: 5},
			cpu.TimesStat{Idle: 11, Steal: 1.8e17},
			cpu.TimesStat{Idle: 11, Steal: 5},
		},
		{
			"steal was below zero at the start",
			cpu.TimesStat{Idle: 10, Steal: 1.8e17},
			cpu.TimesStat{Idle: 11, Steal: 3},
			cpu.TimesStat{Idle: 11},
		},
	}
	for _, test := range tests {
		c := cpuCounters{}
		now := time.Now()
		c.update(test.before, now)
		if got := c.update(test.read, now.Add(time.Second)); got != test.want {
			t.Errorf("%s: got %+v", test.name, got)
		}
	}
}

func TestCPUThatWasOfflineStartsAgain(t *testing.T) {
	c := cpuCounters{}
	zero, one := cpu.TimesStat{CPU: "cpu0", User: 9}, cpu.TimesStat{CPU: "cpu1", User: 9}
	c.update(zero, time.Now())
	c.update(one, time.Now())
	c.forgetAllBut([]cpu.TimesStat{zero})
	if got := c.update(cpu.TimesStat{CPU: "cpu1", User: 1}, time.Now()); got.User != 1 {
		t.Errorf("cpu1 user = %v, want 1", got.User)
	}
	if got := c.update(cpu.TimesStat{CPU: "cpu0", User: 1}, time.Now()); got.User != 9 {
		t.Errorf("cpu0 user = %v, want 9", got.User)
	}
}

// What has fallen or leapt goes on counting, second by second.
func TestCPUCountersGoOn(t *testing.T) {
	c, now := cpuCounters{}, time.Now()
	var last float64
	for i, steal := range []float64{100, 101, 90, 91, 92, 5000, 5001, 5002, 1.8e17, 5003, 5004} {
		got := c.update(cpu.TimesStat{Steal: steal}, now.Add(time.Duration(i)*time.Second)).Steal
		if i > 0 && (got < last || got > last+1) {
			t.Errorf("reading %d, %v: %v after %v", i, steal, got, last)
		}
		last = got
	}
	if last != 106 {
		t.Errorf("%v in the end, want 106: a second for each that the kernel counted", last)
	}
}
