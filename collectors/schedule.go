package collectors

import "time"

// tickAfter returns the first multiple of interval, counted from the Unix epoch,
// that lies after now.
func tickAfter(now time.Time, interval time.Duration) time.Time {
	ms := interval.Milliseconds()
	return time.UnixMilli((now.UnixMilli()/ms + 1) * ms)
}

// overdue returns how many ticks from next on cannot be taken any more at now:
// those that would be more than half an interval late.
func overdue(next, now time.Time, interval time.Duration) int64 {
	late := now.Sub(next) - interval/2
	if late <= 0 {
		return 0
	}
	return int64((late + interval - 1) / interval)
}
