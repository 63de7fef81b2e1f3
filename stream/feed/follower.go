package feed

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"monitord/stream"
)

// A follower is one subscription of a poll: a topic, how far it has been read, and
// what has been found. It reads where live connections do: from the ring as far as
// that reaches back, from pages before.
type follower struct {
	tp     *topic
	head   [][]byte // subscribed, and what stands before the first message
	pos    int64    // everything up to here has been read; or stream.Newest
	moved  bool     // something has been read
	pieces []piece
	series []byte // the last of its messages of that name, as far as is known
}

// A piece is a message and where it stands.
type piece struct {
	pos     int64
	message []byte
}

func (r *follower) alerts() bool { return r.tp.alerts != nil }

// errFar says that a ring does not reach back far enough.
var errFar = errors.New("a page is to be read")

// step reads the next part, up to a position at most, and returns its bytes; a page
// only if it may.
func (r *follower) step(ctx context.Context, to int64, far bool) (int, error) {
	before := len(r.pieces)
	found, base := r.tp.topic.Since(r.pos)
	for i := range found {
		if found[i].Pos > to {
			found = found[:i]
			break
		}
	}
	if r.pos != stream.Newest && r.pos < base && !far {
		return 0, errFar
	}
	r.moved = true
	switch {
	case r.pos == stream.Newest:
		for i := len(found) - 1; i >= 0; i-- {
			if len(found[i].Messages) > 0 {
				r.take(found[i : i+1])
				break
			}
		}
		r.pos = to
	case r.pos >= base:
		r.take(found)
		r.pos = to
	default:
		next, err := r.page(ctx)
		if err != nil {
			return 0, err
		}
		if next <= r.pos {
			next = r.lose(base, found)
		}
		if next > to { // that is for another answer
			r.pieces = slices.DeleteFunc(r.pieces, func(p piece) bool { return p.pos > to })
			r.series = nil // which may have been among them
		}
		r.pos = min(next, to)
	}
	size := 0
	for _, p := range r.pieces[before:] {
		size += len(p.message)
	}
	return size, nil
}

// take adds entries of the ring, with the preamble that the first one needs.
func (r *follower) take(found []stream.Entry) {
	for i := range found {
		e := &found[i]
		if len(e.Messages) == 0 {
			continue
		}
		if e.Preamble != nil && !bytes.Equal(e.Preamble, r.series) {
			r.series = e.Preamble
			r.add(e.Pos, e.Preamble)
		}
		if e.Preamble == nil {
			r.series = e.Messages[0] // if it is one; if not, the next preamble differs from it
		}
		for _, m := range e.Messages {
			r.add(e.Pos, m)
		}
	}
}

// page adds a page of the source and returns up to where it goes.
func (r *follower) page(ctx context.Context) (int64, error) {
	if r.alerts() {
		p, err := r.tp.alerts.page(ctx, r.pos)
		if err != nil || len(p.messages) == 0 {
			return r.pos, err
		}
		for i, m := range p.messages {
			r.add(p.at[i], m)
		}
		return p.to, nil
	}
	p, c, err := r.tp.source.page(ctx, r.pos)
	if err != nil || len(p.messages) == 0 {
		return r.pos, err
	}
	for i, m := range p.messages {
		if i > 0 || !bytes.Equal(m, r.series) {
			r.add(c.position(p.at[i]), m)
		}
	}
	r.series = p.series
	return c.position(p.to), nil
}

// lose goes on where the ring begins: neither it nor the source has what was
// before. It returns where that is.
func (r *follower) lose(base int64, found []stream.Entry) int64 {
	next := base + 1
	if len(found) > 0 {
		next = found[0].Pos
	}
	if r.tp.source != nil {
		for _, m := range r.tp.source.Skipped(r.pos, next) {
			r.add(r.pos+1, m)
		}
	}
	return base
}

func (r *follower) add(pos int64, message []byte) {
	r.pieces = append(r.pieces, piece{pos, message})
}

// nth returns the position of the n-th of some, or says that there are fewer up to
// low.
func nth(at []int64, n int, low int64) (int64, bool) {
	slices.Sort(at)
	if len(at) < n || at[n-1] > low {
		return 0, false
	}
	return at[n-1], true
}
