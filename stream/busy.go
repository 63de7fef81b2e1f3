package stream

// busy is what a connection owns while it is more than idle: what the kernel
// has not taken yet, cursors into topics that it lags behind in, half a message
// from the peer. It is given back as soon as all of it is empty.
type busy struct {
	slot uint32

	rest    []byte // of a frame that the kernel took only part of; goes first
	ping    bool   // a ping is to be sent
	pong    []byte // the one pong that waits, framed; a newer one replaces it
	own     []own
	answers int // bytes of own that answer the client
	lags    []lag

	in    *parser // half a message
	since uint32  // tick at which it began
	pend  []byte  // read, but not parsed yet: the handler has not returned

	closeBy uint32 // tick by which a closing handshake must have ended
	reason  reason // why it is closing
	shut    bool   // our side of the socket is shut
	drained int    // bytes thrown away while closing
	paging  bool   // a page is being read for one of the lags

	// Room for what a connection owns most often, while it is subscribed.
	ownRoom [3]own
	lagRoom [2]lag
}

// own is a frame, or several, for one connection alone.
type own struct {
	frame    []byte
	messages int32
	answer   bool // the client caused it, so that it counts against the client
}

// A lag is a cursor: what was sent last of a topic that is not at its head.
type lag struct {
	follow uint32
	ord    uint64 // of the last entry sent from the ring
	pos    int64  // everything up to here has been sent
	source bool   // read pages from the Source until the ring reaches back to pos
}

func (b *busy) push(o own) {
	if len(o.frame) == 0 {
		return
	}
	if b.own == nil {
		b.own = b.ownRoom[:0]
	}
	b.own = append(b.own, o)
	if o.answer {
		b.answers += len(o.frame)
	}
}

func (b *busy) addLag(g lag) {
	if b.lags == nil {
		b.lags = b.lagRoom[:0]
	}
	b.lags = append(b.lags, g)
}

// pop forgets the first of own.
func (b *busy) pop() {
	if b.own[0].answer {
		b.answers -= len(b.own[0].frame)
	}
	b.own[0] = own{}
	b.own = b.own[1:]
	if len(b.own) == 0 {
		b.own = nil
	}
}

// output says that something is waiting to be sent before what is published now.
func (b *busy) output() bool {
	return len(b.rest) > 0 || b.ping || b.pong != nil || len(b.own) > 0 || len(b.lags) > 0
}

func (b *busy) empty() bool {
	return !b.output() && b.in == nil && b.pend == nil && !b.paging && b.closeBy == 0
}

// maxAnswers is how many bytes of answers may wait for a client before it is not
// read from any more.
const maxAnswers = 64 << 10

// busyOf returns what the connection owns beyond its place in the slab, and
// begins it if there is nothing.
func (s *shard) busyOf(slot uint32, c *conn) *busy {
	if c.busy != 0 {
		return s.busy[c.busy]
	}
	if n := len(s.idle); n > 0 {
		c.busy = s.idle[n-1]
		s.idle = s.idle[:n-1]
		s.busy[c.busy].slot = slot
	} else {
		c.busy = uint32(len(s.busy))
		s.busy = append(s.busy, &busy{slot: slot})
	}
	return s.busy[c.busy]
}

// settleDown gives the connection's busy back if it is empty.
func (s *shard) settleDown(c *conn) {
	if c.busy == 0 || !s.busy[c.busy].empty() {
		return
	}
	s.noLongerBusy(c)
}

func (s *shard) noLongerBusy(c *conn) {
	if c.busy == 0 {
		return
	}
	*s.busy[c.busy] = busy{}
	s.idle = append(s.idle, c.busy)
	c.busy = 0
	if len(s.idle) == len(s.busy)-1 && len(s.idle) > keptBusy {
		// A burst is over.
		s.busy, s.idle = append([]*busy(nil), s.busy[:1+keptBusy]...), s.idle[:0:0]
		for i := range keptBusy {
			s.idle = append(s.idle, uint32(keptBusy-i))
		}
	}
}

// keptBusy is how many are kept while no connection needs one.
const keptBusy = 16
