package alerts

import "time"

// holeTicks is how many ticks must be missing in a row, while the daemon runs,
// for the time to count as one in which it did not: fewer are an overload, during
// which what held before and after is taken to have held.
const holeTicks = 10

// fillFraction says when a hole while the daemon runs matters to an expression:
// when it is more than this part of the expression's longest range. A range of
// an hour that lacks twenty seconds is as good as full, and on a busy machine
// holes come often enough that an hour's wait after each would be without end.
const fillFraction = 10

// A clock follows the ticks and finds the holes in them. Use newClock. It is
// not safe for concurrent use.
type clock struct {
	interval time.Duration
	settle   time.Duration
	empty    bool  // the history had nothing at the start, though there were alerts
	last     int64 // the tick before; 0: none
	began    int64 // the first tick since the start or since the last hole; 0: none yet

	hole  time.Duration // how long the last hole was; maxLost: it matters to every range
	after int64         // the tick that ended it
	ran   time.Duration // how long the daemon ran before it; 0: nobody knows
	start int64         // the first tick since the start
}

func newClock(o EngineOptions) clock {
	c := clock{interval: o.Interval, settle: o.Settle, last: o.LastTick}
	if c.last == 0 {
		for _, t := range o.Tracked {
			c.last, c.empty = max(c.last, t.Event.T), true
		}
	}
	return c
}

// tick takes the next tick and returns the hole before it, or nil.
func (c *clock) tick(t int64) *Hole {
	last, first := c.last, c.start == 0
	c.last = t
	if first {
		c.start, c.began = t, t
	}
	if last == 0 {
		return nil
	}
	gap := time.Duration(t-last) * time.Millisecond
	allowed := holeTicks * c.interval
	if first {
		allowed = c.interval
	}
	if gap >= 0 && gap <= allowed && !(first && c.empty) {
		return nil
	}
	if gap < 0 && !first {
		// The clock was set back: what lies behind moves with it.
		c.start += t - last
		c.after += t - last
	}
	if gap > 0 {
		c.hole, c.after, c.ran = gap, t, time.Duration(last-c.began)*time.Millisecond
	}
	if first {
		c.hole, c.after, c.ran = maxLost, t, 0
	}
	c.began = t
	return &Hole{From: last, To: t}
}

// filled returns from when on the absence of an element from the rule's result
// means something: before that, its range has a hole or its collectors have not
// all read yet.
func (c *clock) filled(r *Rule) int64 {
	until := c.start + c.settle.Milliseconds()
	if c.hole <= r.expr.fill/fillFraction {
		return until
	}
	wait := r.expr.fill
	if c.ran > 0 {
		wait = min(wait, c.ran) // it was not fuller than that before
	}
	return max(until, c.after+wait.Milliseconds())
}
