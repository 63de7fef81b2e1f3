package stream

import "math/bits"

const chunk = 512

// A conn is what an idle connection is made of. It has no pointers, so that the
// garbage collector does not look into the slab.
type conn struct {
	fd       int32
	gen      uint32 // of this connection; never 0
	told     uint32 // the shard's tick of the last message sent
	first    uint32 // first of its follows, 0: none
	busy     uint32 // index into the shard's busy list, 0: it is not busy
	addr     uint32 // what to give back to the door
	follows  uint16 // how many
	control  uint16 // control frames received in...
	window   uint16 // ...the second with these low bits
	heard    uint16 // the tick at which the peer last gave a sign of life, low bits
	flags    uint16
	bad      uint8 // bad messages in a row
	protocol uint8 // index into Options.Protocols + 1; 0: none, or asEvents
}

const (
	inUse     uint16 = 1 << iota
	working          // a handler call is in flight: nothing is read
	readable         // there may be bytes to read
	toTheEnd         // the peer has finished: read until 0
	awaiting         // has been asked for a sign of life since the last one
	blocked          // the kernel has no room; a canWrite event is armed
	watched          // wantWrite has been called once
	closing          // a close frame is queued or sent: nothing follows it
	finished         // and the peer's close has come: close when it is written
	draining         // input is thrown away: it is past an error or a close
	knocking         // has not come in yet; addr is its listener's number
	queued           // on the shard's list of those to go on with
	pingWaits        // a ping is to leave with the next message
	deflates         // permessage-deflate was negotiated; these two are the variant
	encodes          // the subprotocol is Options.Binary
	secured          // has a wire

	// A stream of events is not pinged: to it the flag says that it is owed a mark.
	owed = pingWaits
)

// asEvents in place of a protocol says that it is a stream of events.
const asEvents = 255

func (c *conn) events() bool { return c.protocol == asEvents }

func (c *conn) owed() bool { return c.protocol == asEvents && c.flags&owed != 0 }

// A follow is one subscription. Those of a connection are a list.
type follow struct {
	tag   uint64
	next  uint32
	local uint32 // index into the shard's locals
	flags uint32
}

const (
	fresh   uint32 = 1 << iota // the next entry needs its preamble
	lagging                    // has a cursor in busy
	silent                     // began at Newest and has been sent nothing yet: skip without a word
)

// slab holds values of a fixed size in chunks that never move. Index 0 is never
// handed out; the lowest free index is, so that the order of indices stays near
// the order of descriptors, which the kernel hands out in the same way.
type slab[T any] struct {
	chunks []*[chunk]T
	free   []uint64 // a bit for each index, 1: free
	hint   int      // no word before this one has a bit
	top    uint32   // no index from here on is in use
	used   int
}

func (s *slab[T]) at(i uint32) *T { return &s.chunks[i/chunk][i%chunk] }

// take returns a free index. What is there is whatever was left by put.
func (s *slab[T]) take() uint32 {
	for s.hint < len(s.free) && s.free[s.hint] == 0 {
		s.hint++
	}
	if s.hint == len(s.free) {
		s.chunks = append(s.chunks, new([chunk]T))
		for range chunk / 64 {
			s.free = append(s.free, ^uint64(0))
		}
		if len(s.chunks) == 1 {
			s.free[0] &^= 1
		}
	}
	b := bits.TrailingZeros64(s.free[s.hint])
	s.free[s.hint] &^= 1 << b
	i := uint32(s.hint*64 + b)
	s.top = max(s.top, i+1)
	s.used++
	return i
}

func (s *slab[T]) put(i uint32) {
	w := int(i / 64)
	s.free[w] |= 1 << (i % 64)
	s.hint = min(s.hint, w)
	s.used--
	for s.top > 0 && s.isFree(s.top-1) {
		s.top--
	}
}

func (s *slab[T]) isFree(i uint32) bool { return i == 0 || s.free[i/64]&(1<<(i%64)) != 0 }
