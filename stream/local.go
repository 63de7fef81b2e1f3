package stream

// A local is what a shard knows about a topic that one of its connections
// follows: how far the connections that keep up have got. That is the shard's
// own view, which trails the topic's ring until the shard has looked.
type local struct {
	topic     *Topic
	followers int
	ord       uint64 // the newest entry that was delivered
	pos       int64
	due       int // while a walk delivers entries of the topic: index into its dues + 1
}

// localOf returns the index of the shard's view of a topic, beginning one where
// the ring is now if nobody here has followed it so far.
func (s *shard) localOf(t *Topic) uint32 {
	if i, ok := s.byTopic[t.id]; ok {
		return i
	}
	var i uint32
	if n := len(s.noLocals); n > 0 {
		i = s.noLocals[n-1]
		s.noLocals = s.noLocals[:n-1]
	} else {
		i = uint32(len(s.locals))
		s.locals = append(s.locals, local{})
	}
	t.mu.Lock()
	s.locals[i] = local{topic: t, ord: t.ring.lastOrd, pos: t.ring.last}
	t.mu.Unlock()
	s.byTopic[t.id] = i
	return i
}

// unfollow takes one follow out of a connection's list and forgets all about it.
func (s *shard) unfollow(c *conn, i uint32) {
	f := s.follows.at(i)
	if c.first == i {
		c.first = f.next
	} else {
		for j := c.first; j != 0; j = s.follows.at(j).next {
			if s.follows.at(j).next == i {
				s.follows.at(j).next = f.next
				break
			}
		}
	}
	if c.busy != 0 {
		b := s.busy[c.busy]
		for k := range b.lags {
			if b.lags[k].follow == i {
				b.lags = append(b.lags[:k], b.lags[k+1:]...)
				break
			}
		}
	}
	l := &s.locals[f.local]
	l.followers--
	l.topic.followers.Add(-1)
	if l.followers == 0 {
		delete(s.byTopic, l.topic.id)
		*l = local{}
		s.noLocals = append(s.noLocals, f.local)
	}
	*f = follow{}
	s.follows.put(i)
	c.follows--
	s.count.subscriptions.Add(-1)
}

func (s *shard) unfollowAll(c *conn) {
	for c.first != 0 {
		s.unfollow(c, c.first)
	}
}

// head returns how far the connection in slot has got with a topic if it keeps
// up: a walk that is under way has reached some connections and not others.
func (s *shard) head(slot uint32, l *local) (ord uint64, pos int64) {
	if l.due != 0 && slot < s.walk.at {
		d := &s.walk.dues[l.due-1]
		return d.ord, d.pos
	}
	return l.ord, l.pos
}
