package main

import (
	"bytes"
	"slices"
	"time"
)

// Bounds of what is remembered; what exceeds them is counted but not timed.
const (
	maxBroadcasts = 100_000
	maxDelays     = 8_000_000
)

// broadcast is one message as it reaches all connections.
type broadcast struct {
	first, last int64 // Unix nanoseconds
	seen        int
}

// counter counts messages while it is on.
type counter struct {
	on         bool
	tick       bool // broadcasts are told apart by the time in them
	messages   int64
	payload    uint64 // of the messages that were counted
	broadcasts []broadcast
	byTime     map[int64]int
	delays     []int32 // microseconds from a message's own time to its arrival
}

func (c *counter) message(from *conn, begin []byte, size uint64) {
	if !c.on {
		return
	}
	now := from.herd.now
	if !c.tick {
		c.messages++
		c.payload += size
		c.saw(int(from.count), now)
		from.count++
		return
	}
	t, ok := tickOf(begin)
	if !ok {
		return
	}
	c.messages++
	c.payload += size
	i, known := c.byTime[t]
	if !known {
		i = len(c.byTime)
		c.byTime[t] = i
	}
	c.saw(i, now)
	if len(c.delays) < maxDelays {
		c.delays = append(c.delays, int32((now-t*int64(time.Millisecond))/int64(time.Microsecond)))
	}
}

func (c *counter) saw(i int, now int64) {
	if i >= maxBroadcasts {
		return
	}
	for i >= len(c.broadcasts) {
		c.broadcasts = append(c.broadcasts, broadcast{})
	}
	b := &c.broadcasts[i]
	if b.seen == 0 {
		b.first = now
	}
	b.last = now
	b.seen++
}

// tickOf finds the time of a samples message in its first bytes.
func tickOf(begin []byte) (int64, bool) {
	if !bytes.HasPrefix(begin, []byte(`{"op":"samples"`)) {
		return 0, false
	}
	return number(begin, `"t":`)
}

// spreads returns, in order, how long each broadcast took from the first to the
// last of n connections; those that did not reach all are left out.
func (c *counter) spreads(n int) []time.Duration {
	var s []time.Duration
	for _, b := range c.broadcasts {
		if b.seen >= n && n > 0 {
			s = append(s, time.Duration(b.last-b.first))
		}
	}
	slices.Sort(s)
	return s
}
