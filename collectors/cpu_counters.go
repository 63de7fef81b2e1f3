package collectors

import "github.com/shirou/gopsutil/v3/cpu"

// cpuJumpBack is how many seconds idle time must fall for the processor to count
// as one that was plugged in anew, with counters of its own.
const cpuJumpBack = 3.0

// cpuCounters holds the highest value of each processor's counters seen so far,
// by its name. The kernel lets idle, iowait and steal fall by a little at times;
// a counter that falls reads as one that was reset, and its rate as a leap. Like
// node_exporter's it stands still until the kernel's has caught up.
type cpuCounters map[string]cpu.TimesStat

// update takes a reading and returns what to show for it.
func (c cpuCounters) update(t cpu.TimesStat) cpu.TimesStat {
	held, known := c[t.CPU]
	if known && held.Idle-t.Idle < cpuJumpBack {
		t.User = max(t.User, held.User)
		t.Nice = max(t.Nice, held.Nice)
		t.System = max(t.System, held.System)
		t.Idle = max(t.Idle, held.Idle)
		t.Iowait = max(t.Iowait, held.Iowait)
		t.Irq = max(t.Irq, held.Irq)
		t.Softirq = max(t.Softirq, held.Softirq)
		t.Steal = max(t.Steal, held.Steal)
		t.Guest = max(t.Guest, held.Guest)
		t.GuestNice = max(t.GuestNice, held.GuestNice)
	}
	c[t.CPU] = t
	return t
}

// forgetAllBut forgets processors that have gone offline: what comes back under
// their name counts from its own start.
func (c cpuCounters) forgetAllBut(online []cpu.TimesStat) {
	if len(c) == len(online) {
		return
	}
	keep := make(map[string]bool, len(online))
	for _, t := range online {
		keep[t.CPU] = true
	}
	for name := range c {
		if !keep[name] {
			delete(c, name)
		}
	}
}
