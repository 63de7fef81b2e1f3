package feed

// A clock translates between the times of ticks, which the wall clock may turn
// back, and positions in topics, which only grow. The zero value is the clock of
// a history without a tick. It is a plain value.
type clock struct {
	last   int64 // time of the newest tick, 0 before the first
	offset int64 // of positions against times

	// Of the newest time that the wall clock was turned back: the position of the
	// tick that came then, and the time of the one before it; 0: never.
	turned, before int64
}

func (c clock) position(t int64) int64 { return t + c.offset }
func (c clock) time(pos int64) int64   { return pos - c.offset }

// step returns the clock of the next tick; false if there is nothing new in it.
func (c clock) step(t int64) (clock, bool) {
	if t == c.last {
		return c, false
	}
	if t < c.last {
		// Two positions on: one for the gap that says so, one for the tick.
		c.offset += c.last - t + 2
		c.turned, c.before = c.position(t), c.last
	}
	c.last = t
	return c, true
}
