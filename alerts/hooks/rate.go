package hooks

import "time"

// rate holds attempts to at most max within any minute. A max of 0 holds nothing.
// The zero value is ready. Not safe for concurrent use.
type rate struct {
	max     int
	started []time.Time // of the last minute, a ring once it is full
	at      int         // the oldest in the ring
	held    time.Time   // when an attempt was last held back

	fresh   int // started since the last note
	notedAt time.Time
}

// set changes the maximum; what was started counts on.
func (r *rate) set(max int) {
	if max == r.max {
		return
	}
	started := r.inOrder()
	r.max, r.at = max, 0
	r.started = started[len(started)-min(len(started), max):]
}

func (r *rate) inOrder() []time.Time {
	return append(r.started[r.at:len(r.started):len(r.started)], r.started[:r.at]...)
}

// free is when the next attempt may be started, the zero time for any time.
func (r *rate) free() time.Time {
	if r.max == 0 || len(r.started) < r.max {
		return time.Time{}
	}
	return r.started[r.at].Add(time.Minute)
}

// start takes in that one is.
func (r *rate) start(now time.Time) {
	if r.max > 0 {
		r.fresh++
		r.add(now)
	}
}

func (r *rate) add(at time.Time) {
	switch {
	case len(r.started) < r.max:
		r.started = append(r.started, at)
	default:
		r.started[r.at] = at
		r.at = (r.at + 1) % r.max
	}
}
