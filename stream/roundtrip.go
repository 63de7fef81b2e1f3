package stream

import (
	"encoding/binary"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gobwas/ws"
)

// A ping carries the time at which it was made, in microseconds since its shard
// began, so that the pong that brings it back tells how long the way there and
// back is. Nothing is kept for it, and all that are pinged in one turn of the loop
// are sent the same bytes. What a client brings back is its own word: it can spoil
// the figures and nothing else.

const pingSize = 8

// pingFrame returns the ping of this turn. It must not be changed.
func (s *shard) pingFrame() []byte {
	if s.pinging == nil {
		at := binary.BigEndian.AppendUint64(make([]byte, 0, pingSize), uint64(time.Since(s.start).Microseconds()))
		s.pinging = appendFrame(nil, ws.OpPing, at)
	}
	return s.pinging
}

// answered takes in the payload of a pong, that long after the shard began. One that
// answers none of our pings says nothing (RFC 6455, 5.5.3).
func (s *shard) answered(payload []byte, at time.Duration) {
	if len(payload) != pingSize {
		return
	}
	now, sent := uint64(at.Microseconds()), binary.BigEndian.Uint64(payload)
	if longest := uint64((s.e.o.PingInterval + s.e.o.PongTimeout).Microseconds()); sent > now || now-sent > longest {
		return
	}
	s.count.roundTrips.add(time.Duration(now-sent) * time.Microsecond)
}

// roundTripBounds are the upper bounds of the buckets that round trips are counted
// in: from the same rack to a link that is about to be given up.
var roundTripBounds = [...]time.Duration{
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond, 10 * time.Millisecond, 25 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 250 * time.Millisecond, 500 * time.Millisecond, time.Second, 2500 * time.Millisecond, 5 * time.Second, 10 * time.Second,
}

// RoundTrips says how long pings and their pongs took.
type RoundTrips struct {
	Bounds []time.Duration // upper bounds of the buckets, growing; the last bucket, which has none, is not among them
	Counts []uint64        // how many fell into each bucket alone; one more than Bounds
	Sum    time.Duration
}

// roundTrips are those that one shard has seen. They are read by anybody.
type roundTrips struct {
	counts [len(roundTripBounds) + 1]atomic.Uint64
	sum    atomic.Int64 // nanoseconds
}

func (r *roundTrips) add(d time.Duration) {
	i, _ := slices.BinarySearch(roundTripBounds[:], d)
	r.counts[i].Add(1)
	r.sum.Add(int64(d))
}

// addTo adds what was seen to the sums of all shards.
func (r *roundTrips) addTo(all *RoundTrips) {
	if all.Bounds == nil {
		all.Bounds, all.Counts = slices.Clone(roundTripBounds[:]), make([]uint64, len(r.counts))
	}
	for i := range r.counts {
		all.Counts[i] += r.counts[i].Load()
	}
	all.Sum += time.Duration(r.sum.Load())
}
