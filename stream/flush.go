package stream

// A part is one buffer of a write, and what is true once its first byte has
// been taken.
type part struct {
	frame    []byte
	kind     partKind
	messages int32
	follow   uint32 // partEntry: whose cursor moves,
	ord      uint64 // to here
	pos      int64
	began    bool // the follow is neither fresh nor silent any more
}

type partKind uint8

const (
	partRest partKind = iota
	partPing
	partPong
	partOwn
	partEntry
	partMark
)

const (
	roundBytes   = 128 << 10 // what flush hands to the kernel at once, about
	roundEntries = 16        // of one topic
	rounds       = 8         // for one connection, before it is others' turn
)

// flush sends what waits for a connection until nothing does or the kernel has
// no room: first the rest of a frame, then what is the connection's own, then
// what its cursors point to. It returns false if the connection is gone.
func (s *shard) flush(slot uint32, c *conn) bool {
	for round := 0; c.busy != 0 && c.flags&blocked == 0; round++ {
		b := s.busy[c.busy]
		s.gather(slot, c, b)
		if len(s.parts) == 0 {
			break
		}
		if round == rounds {
			s.later(slot, c)
			break
		}
		s.bufs = s.bufs[:0]
		total := 0
		for i := range s.parts {
			s.bufs = append(s.bufs, s.parts[i].frame)
			total += len(s.parts[i].frame)
		}
		n, err := s.writevTo(slot, c, s.bufs)
		if err != nil && err != errAgain {
			s.drop(slot, c, goneReset)
			return false
		}
		s.took(c, b, n)
		if n < total {
			s.block(slot, c)
		}
	}
	clear(s.parts)
	clear(s.bufs)
	return s.flushed(slot, c)
}

// flushed looks at what can go on now that output has moved.
func (s *shard) flushed(slot uint32, c *conn) bool {
	if c.busy == 0 {
		return true
	}
	b := s.busy[c.busy]
	for i := 0; i < len(b.lags); {
		g := &b.lags[i]
		f := s.follows.at(g.follow)
		ord, pos := s.head(slot, &s.locals[f.local])
		if !g.source && g.ord == ord && g.pos <= pos {
			f.flags &^= lagging
			b.lags = append(b.lags[:i], b.lags[i+1:]...)
			continue
		}
		i++
	}
	if len(b.own) == 0 && len(b.rest) == 0 && !s.encrypted(slot, c) {
		if c.flags&closing != 0 && !s.closeWritten(slot, c, b) {
			return false
		}
		s.readPage(slot, c, b)
	}
	s.settleDown(c)
	return true
}

// full says that the client does not take its answers.
func (s *shard) full(b *busy) bool { return b.answers > maxAnswers }

// block asks to be told when the kernel has room again.
func (s *shard) block(slot uint32, c *conn) {
	c.flags |= blocked
	if c.flags&watched != 0 {
		return // edges come by themselves once asked for
	}
	c.flags |= watched
	if err := s.poll.wantWrite(c.fd, slot, c.gen); err != nil {
		s.e.o.Log.Error("connection lost to the poller", "error", err)
		s.doomed = append(s.doomed, target{slot, c.gen})
	}
}

// gather puts into s.parts what is to be sent next.
func (s *shard) gather(slot uint32, c *conn, b *busy) {
	s.parts = s.parts[:0]
	size := 0
	put := func(p part) {
		s.parts = append(s.parts, p)
		size += len(p.frame)
	}
	if len(b.rest) > 0 {
		put(part{kind: partRest, frame: b.rest})
	}
	if b.ping || c.flags&pingWaits != 0 && !c.events() && b.output() {
		b.ping = true
		c.flags &^= pingWaits
		put(part{kind: partPing, frame: s.pingFrame()})
	}
	if b.pong != nil {
		put(part{kind: partPong, frame: b.pong})
	}
	for i := range b.own {
		if size >= roundBytes || len(s.parts) >= maxParts-8 {
			return
		}
		put(part{kind: partOwn, frame: b.own[i].frame, messages: b.own[i].messages})
	}
	for i := range b.lags {
		g := &b.lags[i]
		if g.source {
			continue
		}
		if size >= roundBytes || len(s.parts) >= maxParts-2*roundEntries {
			return
		}
		size += s.gatherLag(slot, g)
	}
	if mark := s.markFor(slot); len(s.parts) == 0 && mark != nil && c.owed() && c.flags&closing == 0 && s.upToDate(slot, b) {
		put(part{kind: partMark, frame: mark})
	}
}

// gatherLag adds what comes next of one topic and returns its bytes. A cursor that
// the ring has moved past is set to where its topic goes on.
func (s *shard) gatherLag(slot uint32, g *lag) (size int) {
	f := s.follows.at(g.follow)
	v := s.conns.at(slot).variant()
	l := &s.locals[f.local]
	head, _ := s.head(slot, l)
	if g.ord >= head {
		return 0
	}
	t := l.topic
	var room [roundEntries]*entry
	t.mu.Lock()
	all, complete := t.ring.after(g.ord, head)
	if !complete && g.pos >= t.ring.base { // it began ahead of the topic
		g.ord, _ = t.ring.ordOf(g.pos)
		all, complete = t.ring.after(g.ord, head)
	}
	if !complete && len(all) > 0 && (t.skip || f.flags&silent != 0) {
		all = all[len(all)-1:]
	}
	found := room[:copy(room[:], all)]
	t.mu.Unlock()

	needs := f.flags&(fresh|silent) != 0
	if !complete {
		if len(found) == 0 {
			return 0 // the shard is about to hear of what the ring has instead
		}
		next := found[0]
		switch {
		case f.flags&silent != 0:
		case t.skip || t.source == nil:
			s.sent.gaps++
			if t.source != nil {
				if gap := s.e.form(v).frames(t.source.Skipped(g.pos, next.pos)); len(gap) > 0 {
					s.parts = append(s.parts, part{kind: partEntry, frame: gap, messages: 1,
						follow: g.follow, ord: next.ord - 1, pos: next.pos - 1})
					size += len(gap)
				}
			}
		default:
			g.source = true
			return 0
		}
		needs = true
	}
	for _, e := range found {
		var frame []byte
		if e.pos > g.pos {
			frame = t.frame(s.e, e, v)
		}
		if len(frame) == 0 {
			if n := len(s.parts); n > 0 && s.parts[n-1].kind == partEntry && s.parts[n-1].follow == g.follow {
				s.parts[n-1].ord, s.parts[n-1].pos = e.ord, max(e.pos, g.pos)
			} else {
				g.ord, g.pos = e.ord, max(e.pos, g.pos)
			}
			continue
		}
		if needs {
			if preamble := t.preamble(s.e, e, v); len(preamble) > 0 {
				s.parts = append(s.parts, part{kind: partEntry, frame: preamble, messages: 1,
					follow: g.follow, ord: e.ord - 1, pos: e.pos - 1, began: true})
				size += len(preamble)
			}
		}
		needs = false
		s.parts = append(s.parts, part{kind: partEntry, frame: frame, messages: e.messages,
			follow: g.follow, ord: e.ord, pos: e.pos, began: true})
		if size += len(frame); size >= roundBytes {
			break
		}
	}
	return size
}

// took moves everything on by the n bytes of s.parts that the kernel has taken.
func (s *shard) took(c *conn, b *busy, n int) {
	if n > 0 {
		s.sent.bytes += uint64(n)
	}
	for i := range s.parts {
		if n == 0 {
			return
		}
		p := &s.parts[i]
		k := min(n, len(p.frame))
		n -= k
		if p.kind == partRest {
			b.rest = p.frame[k:]
			continue
		}
		b.rest = p.frame[k:]
		s.sent.messages += uint64(p.messages)
		switch p.kind {
		case partPing:
			b.ping = false
			s.sent.pings++
		case partPong:
			b.pong = nil
		case partOwn:
			b.pop()
			c.told = s.now
		case partMark:
			c.flags &^= owed
		case partEntry:
			c.told = s.now
			for j := range b.lags {
				if b.lags[j].follow == p.follow {
					b.lags[j].ord, b.lags[j].pos = p.ord, p.pos
				}
			}
			if p.began {
				s.follows.at(p.follow).flags &^= fresh | silent
			} else {
				s.follows.at(p.follow).flags |= fresh
			}
		}
	}
}
