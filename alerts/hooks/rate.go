package hooks

import "time"

// rate holds attempts to at most max within any minute. A max of 0 holds nothing.
// The zero value is ready. Not safe for concurrent use.
type rate struct {
	max     int
	started []time.Time // of the last minute, a ring once it is full
	at      int         // the oldest in the ring
	held    time.Time   // when an attempt was last held back
}

// set changes the maximum; what was started counts on.
func (r *rate) set(max int) {
	if max == r.max {
		return
	}
	started := append(r.started[r.at:len(r.started):len(r.started)], r.started[:r.at]...)
	r.max, r.at = max, 0
	r.started = started[len(started)-min(len(started), max):]
}

// free is when the next attempt may be started, the zero time for any time.
func (r *rate) free() time.Time {
	if r.max == 0 || len(r.started) < r.max {
		return time.Time{}
	}
	return r.started[r.at].Add(time.Minute)
}

// start notes that one is.
func (r *rate) start(now time.Time) {
	switch {
	case r.max == 0:
	case len(r.started) < r.max:
		r.started = append(r.started, now)
	default:
		r.started[r.at] = now
		r.at = (r.at + 1) % r.max
	}
}
