package stream

import "context"

// give hands a note to the shard, or gives back what it holds if the shard has
// ended.
func (s *shard) give(n note) {
	if !s.send(n) {
		s.giveBack(&n)
	}
}

// release takes back what a turn that is not carried out has counted.
func (t *Turn) release() {
	for i := range t.ops {
		if t.ops[i].kind == opSubscribe {
			t.ops[i].sub.Topic.followers.Add(-1)
		}
	}
}

// note takes in what came for a connection.
func (s *shard) note(n *note) {
	switch {
	case n.join != nil:
		s.enter(n.join)
		return
	case n.from != 0:
		s.knock(n.fd, n.from)
		return
	case n.listen != nil:
		s.watch(n.listen)
		return
	}
	if n.call != nil && n.call.greets {
		s.greeted()
	}
	c := s.conns.at(n.to.slot)
	if c.gen != n.to.gen || c.flags&inUse == 0 {
		if n.call != nil {
			n.call.turn.release()
			n.call.done()
		}
		return
	}
	if n.page != nil {
		s.turnPage(n.to.slot, c, n.page)
		return
	}
	c.flags &^= working
	here := s.carryOut(n.to.slot, c, &n.call.turn)
	n.call.done()
	if !here {
		return
	}
	s.resume(n.to.slot, c)
}

// carryOut does what a handler wants done. It returns false if the connection
// is gone.
func (s *shard) carryOut(slot uint32, c *conn, t *Turn) bool {
	if c.flags&closing != 0 {
		t.release()
		return true
	}
	bad := t.bad
	for _, code := range t.codes {
		s.e.bad.add(code)
	}
	for i := range t.ops {
		o := &t.ops[i]
		switch o.kind {
		case opSend:
			s.busyOf(slot, c).push(own{frame: o.frame, messages: 1, answer: true})
		case opSubscribe:
			bad = !s.subscribe(slot, c, &o.sub, own{frame: o.frame, messages: o.messages, answer: true}) || bad
		case opUnsubscribe:
			bad = !s.unsubscribe(slot, c, o) || bad
		case opClose:
			rest := Turn{ops: t.ops[i+1:]}
			rest.release()
			return s.shutWith(slot, c, o.code, string(o.frame), o.why, o.deaf)
		}
	}
	if bad {
		if c.bad++; c.bad >= maxBad {
			return s.shutWith(slot, c, 1008, "ten bad messages in a row", goneBad, false)
		}
	} else if t.good {
		c.bad = 0
	}
	return s.flush(slot, c)
}

// subscribe returns false if the subscription was refused.
func (s *shard) subscribe(slot uint32, c *conn, sub *Subscription, head own) bool {
	refuse := func(why Refused) bool {
		sub.Topic.followers.Add(-1)
		s.e.bad.add(why.String())
		var message []byte
		if sub.Refused != nil {
			message = sub.Refused(why)
		}
		if message != nil {
			s.busyOf(slot, c).push(own{frame: s.form(c).message(nil, true, message), messages: 1, answer: true})
		}
		return false
	}
	for i := c.first; i != 0; i = s.follows.at(i).next {
		if f := s.follows.at(i); f.tag == sub.Tag || s.locals[f.local].topic == sub.Topic {
			return refuse(Duplicate)
		}
	}
	if int(c.follows) >= s.e.o.MaxSubscriptions {
		return refuse(TooMany)
	}
	if len(head.frame) > 0 {
		s.busyOf(slot, c).push(head)
	}
	li := s.localOf(sub.Topic)
	l := &s.locals[li]
	l.followers++
	i := s.follows.take()
	f := s.follows.at(i)
	*f = follow{tag: sub.Tag, local: li, next: c.first, flags: fresh}
	c.first = i
	c.follows++
	s.count.subscriptions.Add(1)
	s.place(slot, c, i, sub.After)
	return true
}

// place sets where a new subscription begins: at the head if that is where it
// is, else with a cursor.
func (s *shard) place(slot uint32, c *conn, i uint32, after int64) {
	f := s.follows.at(i)
	l := &s.locals[f.local]
	ord, pos := s.head(slot, l)
	t := l.topic
	g := lag{follow: i, pos: after}
	if after == Newest {
		if ord == 0 {
			return // nothing yet; the first that comes is the newest
		}
		f.flags |= silent
		g.ord = ord - 1
	} else {
		if after == pos {
			return
		}
		var ok bool
		t.mu.Lock()
		g.ord, ok = t.ring.ordOf(after)
		if !ok && t.source == nil {
			g.ord = t.ring.lastOrd - uint64(len(t.ring.entries))
		}
		t.mu.Unlock()
		g.source = !ok && t.source != nil
	}
	f.flags |= lagging
	s.busyOf(slot, c).addLag(g)
}

func (s *shard) unsubscribe(slot uint32, c *conn, o *op) bool {
	for i := c.first; i != 0; i = s.follows.at(i).next {
		f := s.follows.at(i)
		if f.tag != o.tag {
			continue
		}
		t := s.locals[f.local].topic
		s.unfollow(c, i)
		if o.done != nil {
			if m := o.done(t); m != nil {
				s.busyOf(slot, c).push(own{frame: s.form(c).message(nil, true, m), messages: 1, answer: true})
			}
		}
		return true
	}
	s.e.bad.add("unknown_id")
	if o.frame != nil {
		s.busyOf(slot, c).push(own{frame: o.frame, messages: 1, answer: true})
	}
	return false
}

// readPage asks for the next page of a replay, if one is needed. The one before
// has been taken by the kernel, so a slow connection has one page at most.
func (s *shard) readPage(slot uint32, c *conn, b *busy) {
	if b.paging || c.flags&closing != 0 {
		return
	}
	for i := range b.lags {
		g := &b.lags[i]
		if !g.source {
			continue
		}
		b.paging = true
		e, to := s.e, target{slot, c.gen}
		done := &pageDone{topic: s.locals[s.follows.at(g.follow).local].topic, after: g.pos, form: s.form(c)}
		e.pool.addPage(work(func(ctx context.Context) {
			done.read(ctx, e)
			s.give(note{to: to, page: done})
		}))
		return
	}
}
