package stream

import (
	"context"
	"sync"
	"sync/atomic"
)

// A Topic is a short ring of immutable, already framed entries at positions that
// only grow, and a [Source] for what is older. Topics are made by
// [Engine.NewTopic] and are safe for concurrent use.
type Topic struct {
	id        uint32
	source    Source
	skip      bool
	followers atomic.Int64

	mu      sync.Mutex // guards the fields below
	ring    ring
	dropped bool
	// The last preamble as it came and framed: publishers pass the same one
	// again for as long as it holds, and entries then share its frame.
	given  []byte
	framed *framed
}

// TopicOptions says what a topic is made of.
type TopicOptions struct {
	// Source makes what the ring no longer holds. Nil: there is nothing older,
	// and a reader that falls behind goes on with the oldest entry of the ring.
	Source Source
	// Ring is how many entries are kept for readers that lag. 0: 32.
	Ring int
	// Start is the position up to which everything can be read from the Source
	// already; entries are published at later ones.
	Start int64
	// Skip makes a reader that the ring has moved past go on with the newest
	// entry, after what [Source.Skipped] says about it. Otherwise it reads the
	// missing entries from the Source, and nothing is lost.
	Skip bool
}

// A Source makes the messages of a topic that are older than its ring.
type Source interface {
	// Page returns what comes after position after, oldest first, as much as is
	// reasonable to hold for one slow connection: a few dozen KiB. It is called
	// by workers, for one connection at a time but for several at once.
	//
	// What has been published must be readable from Page before it is published.
	// An error closes the connection with 1011, or skips on a topic with Skip.
	Page(ctx context.Context, after int64) (Page, error)

	// Skipped returns the messages to send in place of the entries between
	// after and next (both exclusive), which a reader has lost. It is called in a
	// poll loop: it must not block nor read storage.
	Skipped(after, next int64) [][]byte
}

// Page is one piece of a replay.
type Page struct {
	// Messages must not be changed any more. A source that returns the very same
	// slice again saves encoding and compressing it again.
	Messages [][]byte
	// Next is the position up to which everything has now been sent: of the last
	// message, or of the newest position that the source knows if it has reached
	// that. The next page is asked for after it. A page whose Next is not
	// beyond after has found nothing; if the ring does not hold what follows
	// either, that is a hole and [Source.Skipped] names it.
	Next int64
	// Preamble is the one in force at the end of the page, as published: who has
	// seen it in Messages is not sent it again with the next entry. Nil: none.
	Preamble []byte
}

// An Entry is what happened in a topic at one position. It must not be changed
// once it has been published.
type Entry struct {
	// Pos is later than that of the entry before it. An entry at a position
	// that the topic has reached already is ignored.
	Pos int64
	// Preamble is a message that a reader must have seen before this entry: it
	// is sent to a connection that gets this entry without having got the one
	// before it from the ring. Nil: none is needed (because none ever is, or
	// because Messages begins with it).
	Preamble []byte
	// InForce is the preamble of the entries that follow, if Messages begin with a
	// new one; nil: as before.
	InForce []byte
	// Messages may be empty: the topic has then moved on without a word.
	Messages [][]byte
}

// An Item is an entry and the topic that it belongs to.
type Item struct {
	Topic *Topic
	Entry Entry
}

// ID returns the topic's number, which is not used again while the engine lives.
// The first is 1.
func (t *Topic) ID() uint32 { return t.id }

// Followers returns the number of subscriptions, those included that a [Turn]
// not yet carried out has asked for.
func (t *Topic) Followers() int { return int(t.followers.Load()) }

// NewTopic returns a topic without followers.
func (e *Engine) NewTopic(o TopicOptions) *Topic {
	if o.Ring <= 0 {
		o.Ring = 32
	}
	t := &Topic{id: e.topicID.Add(1), source: o.Source, skip: o.Skip}
	t.ring = ring{limit: o.Ring, base: o.Start, last: o.Start}
	e.topics.Add(1)
	return t
}

// Drop gives back the memory of a topic's ring. What is published to it from now
// on is ignored; who still follows it hears nothing further.
func (e *Engine) Drop(t *Topic) {
	t.mu.Lock()
	freed, again := t.ring.clear(), t.dropped
	t.given, t.framed = nil, nil
	t.dropped = true
	t.mu.Unlock()
	if !again {
		e.ringBytes.Add(-freed)
		e.topics.Add(-1)
	}
}

// framePreamble returns a preamble framed. The topic must be locked.
func (t *Topic) framePreamble(preamble []byte) *framed {
	if preamble == nil {
		return nil
	}
	if t.framed == nil || !same(t.given, preamble) {
		b := appendMessage(nil, true, preamble)
		t.given, t.framed = preamble, &framed{plain: b, bytes: int64(len(b))}
	}
	return t.framed
}

// same says whether two slices are the same bytes in memory.
func same(a, b []byte) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// Publish appends entries to their topics and hands them to every connection
// that follows. Everything of one call that is due to a connection leaves in one
// write, in the order of the items: put first what matters most. Publish never
// waits for a connection. It may be called by several goroutines, but the
// entries of one topic must come in the order of their positions.
func (e *Engine) Publish(items []Item) { e.publish(items, nil) }

// PublishMarked is Publish with a mark: a word, the same for everybody, that says
// up to where everything has been published, here or before. A stream of events
// gets the newest mark as the id to come back with, behind what it was sent and
// only when nothing published before that mark still waits for it.
func (e *Engine) PublishMarked(items []Item, mark string) {
	e.publish(items, appendMark(nil, mark))
}

func (e *Engine) publish(items []Item, mark []byte) {
	moved := make([]*Topic, 0, len(items))
	for i := range items {
		t := items[i].Topic
		en := newEntry(&items[i].Entry)
		var delta int64
		ok := false
		t.mu.Lock()
		if !t.dropped {
			en.preamble = t.framePreamble(items[i].Entry.Preamble)
			t.framePreamble(items[i].Entry.InForce)
			delta, ok = t.ring.push(en, e.ringBytes.Load()-e.ringLimit)
		}
		t.mu.Unlock()
		e.ringBytes.Add(delta)
		if ok && (len(moved) == 0 || moved[len(moved)-1] != t) {
			moved = append(moved, t)
		}
	}
	if len(moved) == 0 && mark == nil {
		return
	}
	for _, s := range e.shards {
		s.notify(moved, mark)
	}
}
