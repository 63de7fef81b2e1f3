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

	joinedOf []int // the dues that joined holds
	joined   []byte
}

// A due is what a walk has to deliver of one topic.
type due struct {
	local    uint32
	ord      uint64 // of its last entry
	pos      int64
	frame    []byte // all of its entries
	messages int
	hole     bool // the ring has moved past some of them already
}

// stride is how many connections are written to between two looks at the poller.
const stride = 256

// maxJoined is up to how many bytes the frames for one connection are copied
// together, which is cheaper than naming them to the kernel one by one.
const maxJoined = 32 << 10

// begin starts a walk. None may be active.
func (s *shard) begin(moved []*Topic) {
	w := &s.walk
	w.dues = w.dues[:0]
	for _, t := range moved {
		i, ok := s.byTopic[t.id]
		if !ok {
			continue
		}
		l := &s.locals[i]
		d := due{local: i}
		t.mu.Lock()
		found, complete := t.ring.after(l.ord, t.ring.lastOrd)
		d.ord, d.pos, d.hole = t.ring.lastOrd, t.ring.last, !complete
		if len(found) == 1 {
			d.frame, d.messages = found[0].frame, int(found[0].messages)
		} else {
			for _, e := range found {
				d.frame = append(d.frame, e.frame...)
				d.messages += int(e.messages)
			}
		}
		t.mu.Unlock()
		if d.ord == l.ord {
			continue
		}
		w.dues = append(w.dues, d)
		l.due = len(w.dues)
	}
	if len(w.dues) > 0 {
		w.active, w.at = true, 1
		w.joinedOf = w.joinedOf[:0]
	}
}

// step goes on with the walk.
func (s *shard) step() {
	w := &s.walk
	if !w.active {
		return
	}
	for written := 0; written < stride && w.at < s.conns.top; {
		slot := w.at
		w.at++
		c := s.conns.at(slot)
		if c.first != 0 && s.deliver(slot, c) {
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
	clear(w.dues) // or it would keep the frames
	w.active = false
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
		return false
	}
	// A connection's newest follow stands first in its list; entries go out in
	// the order in which they were published.
	slices.Sort(w.picked)
	if behind || (c.busy != 0 && s.busy[c.busy].output()) {
		s.fallBehind(c)
		s.flush(slot, c)
		return true
	}
	if len(w.picked) == 1 {
		d := &w.dues[w.picked[0]]
		if len(d.frame) == 0 {
			return false
		}
		n, err := s.poll.write(c.fd, d.frame)
		s.delivered(slot, c, n, len(d.frame), err)
		return true
	}
	total := 0
	for _, i := range w.picked {
		total += len(w.dues[i].frame)
	}
	if total == 0 {
		return false
	}
	if total > maxJoined {
		s.fallBehind(c)
		s.flush(slot, c)
		return true
	}
	if !slices.Equal(w.picked, w.joinedOf) {
		w.joinedOf = append(w.joinedOf[:0], w.picked...)
		w.joined = w.joined[:0]
		for _, i := range w.picked {
			w.joined = append(w.joined, w.dues[i].frame...)
		}
	}
	n, err := s.poll.write(c.fd, w.joined)
	s.delivered(slot, c, n, total, err)
	return true
}

// delivered notes what the kernel has taken of the picked dues; the connection
// lags with the others from now on.
func (s *shard) delivered(slot uint32, c *conn, n, total int, err error) {
	w := &s.walk
	if err != nil && err != errAgain {
		s.drop(slot, c, goneReset)
		return
	}
	if n > 0 {
		c.told = s.now
		s.sent.bytes += uint64(n)
	}
	if n == total {
		for _, i := range w.picked {
			s.sent.messages += uint64(w.dues[i].messages)
		}
		return
	}
	b := s.busyOf(slot, c)
	for _, i := range w.picked {
		d := &w.dues[i]
		switch k := len(d.frame); {
		case n >= k:
			n -= k
			s.sent.messages += uint64(d.messages)
		case n > 0:
			b.rest = d.frame[n:]
			n = 0
			s.sent.messages += uint64(d.messages)
		default:
			s.lag(c, b, d.local)
		}
	}
	s.block(slot, c)
}

// fallBehind gives the connection cursors, at the old heads, for all that is due
// to it, so that flush finds its way through whatever else is waiting.
func (s *shard) fallBehind(c *conn) {
	slot := s.walk.at - 1
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
				b.lags = append(b.lags, lag{follow: i, ord: l.ord, pos: l.pos})
			}
			return
		}
		i = f.next
	}
}
