package collectors

import "time"

// maxWait is how far the wall clock may have been set back for the sampler to
// wait until it has caught up. When it was set back further, ticks go back too.
const maxWait = time.Minute

// tickAfter returns the first multiple of interval, counted from the Unix epoch,
// that lies after now.
func tickAfter(now time.Time, interval time.Duration) time.Time {
	ms := interval.Milliseconds()
	return time.UnixMilli((now.UnixMilli()/ms + 1) * ms)
}

// overdue returns how many ticks from next on cannot be taken any more at now:
// those that would be more than half an interval late.
func overdue(next, now time.Time, interval time.Duration) int64 {
	late := now.Round(0).Sub(next) - interval/2
	if late <= 0 {
		return 0
	}
	return int64((late + interval - 1) / interval)
}

// stepped returns how much further the wall clock went than the monotonic clock
// between two readings: it was set, or the host was asleep.
func stepped(from, to time.Time) time.Duration {
	return to.Round(0).Sub(from.Round(0)) - to.Sub(from)
}
