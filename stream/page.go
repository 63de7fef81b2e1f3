package stream

import (
	"context"
	"errors"
)

// A pageDone is a page of a replay on its way from a worker to the connection.
type pageDone struct {
	topic    *Topic
	after    int64
	base     int64 // of the ring, before the source was asked
	next     int64
	preamble []byte
	frame    []byte
	messages int
	form     form
	err      error
}

// read asks the Source. It runs in a worker.
func (p *pageDone) read(ctx context.Context, e *Engine) {
	p.err = errors.New("source panicked")
	var page Page
	defer func() {
		if r := recover(); r != nil {
			e.count.panics.Add(1)
			e.o.Log.Error("source panicked", "topic", p.topic.id, "after", p.after, "panic", r)
		}
		if p.err != nil {
			e.count.pageErrors.Add(1)
			return
		}
		p.next, p.preamble = page.Next, page.Preamble
		p.frame, p.messages = e.rewritten.frames(p.form, page.Messages), len(page.Messages)
	}()
	e.count.pages.Add(1)
	p.topic.mu.Lock()
	p.base = p.topic.ring.base
	p.topic.mu.Unlock()
	page, p.err = p.topic.source.Page(ctx, p.after)
}

// turnPage sends a page and decides where the subscription goes on: in the ring,
// if that holds everything after the page, else with another page.
func (s *shard) turnPage(slot uint32, c *conn, p *pageDone) {
	b := s.busyOf(slot, c)
	b.paging = false
	g := s.lagOf(b, p)
	if g == nil { // unsubscribed meanwhile
		s.flush(slot, c)
		return
	}
	t := p.topic
	if p.err != nil && !t.skip {
		s.e.o.Log.Error("reading back failed", "topic", t.id, "after", p.after, "error", p.err)
		s.shutWith(slot, c, 1011, "reading back failed", goneInternal, false)
		return
	}
	if p.frame != nil {
		b.push(own{frame: p.frame, messages: int32(p.messages)})
	}
	g.pos = max(g.pos, p.next)
	at := t.from(g.pos, p.preamble)
	if !at.ok && (p.err != nil || p.next <= p.after) {
		// Neither the source nor the ring has what comes next. The source knew all
		// that had left the ring when it was asked; what has left since is not
		// missing, only to be asked for.
		was := g.pos
		g.pos = max(g.pos, p.base)
		if at = t.from(g.pos, nil); !at.ok {
			at.next = g.pos + 1
		}
		s.sent.gaps++
		if gap := s.form(c).frames(t.source.Skipped(was, at.next)); gap != nil {
			b.push(own{frame: gap, messages: 1})
		}
	}
	g.source, g.ord = !at.ok, at.ord
	f := s.follows.at(g.follow)
	if f.flags |= fresh; at.seen {
		f.flags &^= fresh
	}
	s.flush(slot, c)
}

// A spot is where a position lies in a ring.
type spot struct {
	ok   bool   // the ring reaches back to it
	ord  uint64 // of the last entry at or before it
	next int64  // the position of the first one after it
	seen bool   // what comes next needs no other preamble than the given one
}

// from returns the spot of a position, for a reader who has seen a preamble.
func (t *Topic) from(pos int64, preamble []byte) spot {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := &t.ring
	ord, ok := r.ordOf(pos)
	if !ok {
		return spot{}
	}
	at := spot{ok: true, ord: ord, next: max(pos, r.last) + 1}
	needed := t.framed // by the entry to come, as far as is known
	if found, _ := r.after(ord, r.lastOrd); len(found) > 0 {
		at.next, needed = found[0].pos, found[0].preamble
		at.seen = preamble != nil && needed == nil
	}
	at.seen = at.seen || preamble != nil && needed != nil && needed.holds(preamble)
	return at
}

// lagOf finds the cursor that a page was read for.
func (s *shard) lagOf(b *busy, p *pageDone) *lag {
	for i := range b.lags {
		g := &b.lags[i]
		if g.source && g.pos == p.after && s.locals[s.follows.at(g.follow).local].topic == p.topic {
			return g
		}
	}
	return nil
}
