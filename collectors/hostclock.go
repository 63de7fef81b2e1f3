package collectors

import (
	"time"

	"golang.org/x/sys/unix"
)

// hostClock reads this host's clocks.
type hostClock struct{}

// Read implements Clock. CLOCK_BOOTTIME is CLOCK_MONOTONIC and the time in which
// the host was suspended (clock_gettime(2)).
func (hostClock) Read() Reading {
	var best Reading
	tight := time.Duration(-1)
	// Between two clocks another process may run: it must not look like a step.
	for range 10 {
		before := passed(unix.CLOCK_BOOTTIME)
		r := Reading{Wall: time.Now().Round(0), Awake: passed(unix.CLOCK_MONOTONIC)}
		after := passed(unix.CLOCK_BOOTTIME)
		r.Asleep = max(before+(after-before)/2-r.Awake, 0)
		if spread := after - before; tight < 0 || spread < tight {
			best, tight = r, spread
		}
		if tight < time.Millisecond {
			break
		}
	}
	return best
}

func passed(clock int32) time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

// Synchronised implements Clock. Setting the clock makes it unsynchronised until
// who keeps it says otherwise (adjtimex(2)). Where asking is forbidden, as under
// systemd's ProtectClock, nothing is known.
func (hostClock) Synchronised() bool {
	var state unix.Timex
	_, err := unix.Adjtimex(&state)
	return err == nil && state.Status&unix.STA_UNSYNC == 0
}
