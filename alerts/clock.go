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
	set   bool          // the last hole is one in the clock only, which was set
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

// tick takes the next tick and returns the hole before it, or nil. step is by how
// much the clock was set since the tick before.
func (c *clock) tick(t int64, step time.Duration) *Hole {
	last, first := c.last, c.start == 0
	c.last = t
	if first {
		c.start, c.began = t, t
	}
	if last == 0 {
		return nil
	}
	gap := time.Duration(t-last) * time.Millisecond
	if first {
		if gap >= 0 && gap <= c.interval && !c.empty {
			return nil
		}
		// After a clock that was set back, the history has times that are to come.
		c.hole, c.after, c.ran, c.set, c.began = maxLost, t, 0, gap < 0, t
		return &Hole{From: last, To: t}
	}
	if step == 0 && gap < 0 {
		step = gap
	}
	if step != 0 {
		return c.stepped(t, step)
	}
	if gap <= holeTicks*c.interval {
		return nil
	}
	c.hole, c.after, c.ran, c.set, c.began = gap, t, time.Duration(last-c.began)*time.Millisecond, false, t
	return &Hole{From: last, To: t}
}

// stepped takes a tick whose time does not follow on the one before by what passed.
// What lies behind moves with the clock; what passed counts.
func (c *clock) stepped(t int64, step time.Duration) *Hole {
	from := t - step.Milliseconds()
	c.start += t - from
	// Ranges that had not filled up since the clock was set before were fuller then.
	if ran := time.Duration(from-c.began) * time.Millisecond; !c.set || c.ran != 0 && c.ran < ran {
		c.ran = ran
	}
	c.hole, c.after, c.set, c.began = step, t, true, t
	if step < 0 {
		c.hole = maxLost // ranges begin anew: what is stored behind them is of another time
	}
	return &Hole{From: from, To: t}
}

// unsure returns until when a rule whose expression looks back says nothing at
// all: its range has the time in it at which the clock was set.
func (c *clock) unsure(r *Rule) int64 {
	if !c.set || r.expr.fill == 0 {
		return 0
	}
	return c.filled(r)
}

// settled returns from when on all that a rule selects has been read since the
// start.
func (c *clock) settled(r *Rule) int64 {
	if !r.expr.looks() {
		return 0
	}
	return c.start + c.settle.Milliseconds()
}

// filled returns from when on the absence of an element from the rule's result
// means something: before that, its range has a hole. 0: there is none.
func (c *clock) filled(r *Rule) int64 {
	if c.hole <= r.expr.fill/fillFraction {
		return 0
	}
	wait := r.expr.fill
	if c.ran > 0 {
		wait = min(wait, c.ran) // it was not fuller than that before
	}
	return c.after + wait.Milliseconds()
}
