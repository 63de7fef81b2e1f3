package stream

import "slices"

// A walk delivers what is new in some topics to every connection that follows
// them, in the order of the slots. It stops every few hundred writes, so that
// the shard can look after its sockets in between.
type walk struct {
	active bool
	at     uint32 // the next slot
	dues   []due
	picked []int // of dues, for the connection at hand

	entries []*entry           // of all dues, one due's after the other
	frames  [variants][][]byte // of each due, its entries in one piece; nil: not made yet
	joined  [variants]joined   // of several dues, the last that was needed
	pinged  [variants]joined   // likewise, with a ping of this turn behind them

	mark   []byte // in force where the walk has been
	marked bool   // it came with this walk
}

// joined is the frames of several dues in one piece.
type joined struct {
	of    []int // indices of the dues
	frame []byte
}

// A due is what a walk has to deliver of one topic.
type due struct {
	local    uint32
	ord      uint64 // of its last entry
	pos      int64
	first    int // of its entries, in the walk's
	end      int
	messages int
	hole     bool // the ring has moved past some of them already
}

// stride is how many connections are written to between two looks at the poller.
const stride = 256

// maxJoined is up to how many bytes the frames for one connection are copied
// together, which is cheaper than naming them to the kernel one by one.
const maxJoined = 32 << 10

// begin starts a walk, unless there is nothing to deliver. None may be active.
func (s *shard) begin(moved []*Topic, mark []byte) {
	w := &s.walk
	w.dues = w.dues[:0]
	if w.marked = mark != nil; w.marked {
		w.mark = mark
	}
	owing := w.marked && s.owing
	if owing {
		s.owing = false
	}
	for _, t := range moved {
		i, ok := s.byTopic[t.id]
		if !ok {
			continue
		}
		l := &s.locals[i]
		d := due{local: i, first: len(w.entries)}
		t.mu.Lock()
		found, complete := t.ring.after(l.ord, t.ring.lastOrd)
		d.ord, d.pos, d.hole = t.ring.lastOrd, t.ring.last, !complete
		w.entries = append(w.entries, found...)
		t.mu.Unlock()
		if d.ord == l.ord {
			continue
		}
		d.end = len(w.entries)
		for _, e := range w.entries[d.first:] {
			d.messages += int(e.messages)
		}
		w.dues = append(w.dues, d)
		l.due = len(w.dues)
	}
	if len(w.dues) == 0 && !owing {
		s.mark = w.mark
	} else {
		w.active, w.at = true, 1
		for v := range w.joined {
			w.joined[v].of = w.joined[v].of[:0]
			w.frames[v] = slices.Grow(w.frames[v][:0], len(w.dues))[:len(w.dues)]
		}
	}
}

// frame makes what a due has for connections of a variant.
func (s *shard) frame(due int, v variant) []byte {
	d := &s.walk.dues[due]
	t := s.locals[d.local].topic
	frame := []byte{} // of entries without messages
	for _, e := range s.walk.entries[d.first:d.end] {
		switch f := t.frame(s.e, e, v); {
		case len(frame) == 0 && len(f) > 0:
			frame = f[:len(f):len(f)]
		default:
			frame = append(frame, f...)
		}
	}
	s.walk.frames[v][due] = frame
	return frame
}

// step goes on with the walk.
func (s *shard) step() {
	w := &s.walk
	if !w.active {
		return
	}
	for v := range w.pinged {
		w.pinged[v].of = w.pinged[v].of[:0]
	}
	for written := 0; written < stride && w.at < s.conns.top; {
		slot := w.at
		w.at++
		c := s.conns.at(slot)
		if (c.first != 0 || c.owed()) && s.deliver(slot, c) {
			written++
		}
	}
	if w.at < s.conns.top {
		return
	}
	for i := range w.dues {
		d := &w.dues[i]
		if l := &s.locals[d.local]; l.due == i+1 {
			l.ord, l.pos, l.due = d.ord, d.pos, 0
		}
	}
	clear(w.entries) // or it would keep them
	w.entries = w.entries[:0]
	for v := range w.frames {
		clear(w.frames[v])
	}
	w.active = false
	s.mark = w.mark
	s.mail.woken.Store(true) // topics that moved meanwhile have been left in the mailbox
}

// deliver sends a connection what is due to it. It says whether anything was.
func (s *shard) deliver(slot uint32, c *conn) bool {
	w := &s.walk
	w.picked = w.picked[:0]
	behind := false
	for i := c.first; i != 0; {
		f := s.follows.at(i)
		if n := s.locals[f.local].due; n != 0 {
			w.picked = append(w.picked, n-1)
			behind = behind || f.flags != 0 || w.dues[n-1].hole
		}
		i = f.next
	}
	if len(w.picked) == 0 {
		return w.marked && c.owed() && s.deliverMark(slot, c)
	}
	// A connection's newest follow stands first in its list; entries go out in
	// the order in which they were published.
	slices.Sort(w.picked)
	if behind || (c.busy != 0 && s.busy[c.busy].output()) {
		s.fallBehind(c)
		s.flush(slot, c)
		return true
	}
	v := c.variant()
	frames := w.frames[v]
	if len(w.picked) == 1 && c.flags&pingWaits == 0 && v != evented {
		frame := frames[w.picked[0]]
		if frame == nil {
			frame = s.frame(w.picked[0], v)
		}
		if len(frame) == 0 {
			return false
		}
		n, err := s.writeTo(slot, c, frame)
		s.delivered(slot, c, n, len(frame), nil, err)
		return true
	}
	total := 0
	for _, i := range w.picked {
		if frames[i] == nil {
			s.frame(i, v)
		}
		total += len(frames[i])
	}
	if total == 0 {
		return false
	}
	if total > maxJoined {
		s.fallBehind(c)
		s.flush(slot, c)
		return true
	}
	j, ping := &w.joined[v], []byte(nil)
	if c.flags&pingWaits != 0 && v != evented {
		c.flags &^= pingWaits
		j, ping = &w.pinged[v], s.pingFrame()
		total += len(ping)
	}
	if !slices.Equal(w.picked, j.of) {
		j.of = append(j.of[:0], w.picked...)
		j.frame = j.frame[:0]
		for _, i := range w.picked {
			j.frame = append(j.frame, frames[i]...)
		}
		j.frame = append(j.frame, ping...)
		if v == evented && w.marked {
			j.frame = append(j.frame, w.mark...)
		}
	}
	if v == evented {
		c.flags |= owed
	}
	n, err := s.writeTo(slot, c, j.frame)
	s.delivered(slot, c, n, total, ping, err)
	return true
}

// delivered notes what the kernel has taken of the picked dues, and of the ping
// behind them if there is one; the connection lags with the others from now on.
func (s *shard) delivered(slot uint32, c *conn, n, total int, ping []byte, err error) {
	w := &s.walk
	if err != nil && err != errAgain {
		s.drop(slot, c, goneReset)
		return
	}
	if n > 0 {
		c.told = s.now
		s.sent.bytes += uint64(n)
	}
	if n >= total {
		for _, i := range w.picked {
			s.sent.messages += uint64(w.dues[i].messages)
		}
		if ping != nil {
			s.sent.pings++
		}
		s.deliveredMark(slot, c, n-total)
		return
	}
	b := s.busyOf(slot, c)
	for _, i := range w.picked {
		d := &w.dues[i]
		frame := w.frames[c.variant()][i]
		switch k := len(frame); {
		case n >= k:
			n -= k
			s.sent.messages += uint64(d.messages)
		case n > 0:
			b.rest = frame[n:]
			n = 0
			s.sent.messages += uint64(d.messages)
		default:
			s.lag(c, b, d.local)
		}
	}
	switch {
	case ping == nil:
	case n > 0:
		b.rest = ping[n:]
		s.sent.pings++
	default:
		b.ping = true
	}
	s.block(slot, c)
}

// fallBehind gives the connection cursors, at the old heads, for all that is due
// to it, so that flush finds its way through whatever else is waiting.
func (s *shard) fallBehind(c *conn) {
	slot := s.walk.at - 1
	s.owe(c)
	b := s.busyOf(slot, c)
	for _, i := range s.walk.picked {
		s.lag(c, b, s.walk.dues[i].local)
	}
}

func (s *shard) lag(c *conn, b *busy, local uint32) {
	for i := c.first; i != 0; {
		f := s.follows.at(i)
		if f.local == local {
			if f.flags&lagging == 0 {
				f.flags |= lagging
				l := &s.locals[local]
				b.addLag(lag{follow: i, ord: l.ord, pos: l.pos})
			}
			return
		}
		i = f.next
	}
}
