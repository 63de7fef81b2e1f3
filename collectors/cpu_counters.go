package collectors

import (
	"time"

	"github.com/shirou/gopsutil/v3/cpu"
)

const (
	// cpuJumpBack is how many seconds a time must fall for the processor to count
	// as one that was plugged in anew, with counters of its own.
	cpuJumpBack = 3.0

	// cpuSlack is how many seconds a time may grow beyond those that have passed:
	// the kernel counts in ticks of its own, and books some of them late.
	cpuSlack = 5.0

	// cpuMost is more seconds than any machine was up: a time that fell below zero
	// reads as nearly 2^64 ticks.
	cpuMost = 1e10
)

// cpuCounters holds what has been shown of each processor's times, by its name.
// The kernel lets idle, iowait and steal fall by a little at times, and steal leap
// when a machine is moved; a counter that falls reads as one that was reset, and
// its rate as a leap. Like node_exporter's it stands still until the kernel's has
// caught up, or goes on from there if that would take long.
type cpuCounters map[string]*cpuCounter

type cpuCounter struct {
	shown  cpuTimes
	offset cpuTimes // what is added to the kernel's
	at     time.Time
}

// update takes a reading and returns what to show for it.
func (c cpuCounters) update(t cpu.TimesStat, now time.Time) cpu.TimesStat {
	raw := timesOf(t)
	held := c[t.CPU]
	if held == nil {
		held = &cpuCounter{}
		c[t.CPU] = held
		for i, v := range raw {
			if v > cpuMost {
				held.offset[i] = -v
			}
			held.shown[i] = v + held.offset[i]
		}
	}
	most := now.Sub(held.at).Seconds() + cpuSlack
	for i, v := range raw {
		grown := v + held.offset[i] - held.shown[i]
		if grown <= -cpuJumpBack || grown > most && !held.at.IsZero() {
			held.offset[i], grown = held.shown[i]-v, 0
		}
		held.shown[i] += max(grown, 0)
	}
	held.at = now
	return held.shown.stat(t.CPU)
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

// cpuTimes are a processor's times, in the order of /proc/stat.
type cpuTimes [10]float64

func timesOf(t cpu.TimesStat) cpuTimes {
	return cpuTimes{t.User, t.Nice, t.System, t.Idle, t.Iowait, t.Irq, t.Softirq, t.Steal, t.Guest, t.GuestNice}
}

func (t cpuTimes) stat(name string) cpu.TimesStat {
	return cpu.TimesStat{
		CPU: name, User: t[0], Nice: t[1], System: t[2], Idle: t[3], Iowait: t[4],
		Irq: t[5], Softirq: t[6], Steal: t[7], Guest: t[8], GuestNice: t[9],
	}
}
