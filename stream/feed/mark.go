package feed

import (
	"math/rand/v2"
	"slices"
	"sync"

	"monitord/stream"
)

// A marker knows up to where everything has been published, and tells the engine
// together with what is published. It is made by newMarker and safe for concurrent
// use.
type marker struct {
	engine *stream.Engine
	waiters

	mu   sync.Mutex // guards the fields below; held while what a mark speaks of is published
	mark mark
}

// A mark is up to where nothing is missing: all samples and queries up to the
// newest tick, but for those that are late, all alerts up to a position.
type mark struct {
	clock  clock
	late   []late
	alerts int64
	epoch  string
	run    uint32
}

// late is a query that has not been evaluated for all ticks that it is due at.
type late struct {
	sub   uint32
	clock clock // at the first of them
	pos   int64 // up to here it has
}

// lateOf returns those of some queries that are late.
func lateOf(queries []*topic) []late {
	var all []late
	for _, tp := range queries {
		q := tp.query
		if len(q.due) == 0 {
			continue
		}
		l := late{tp.topic.ID(), q.due[0].clock, position(q) - 1}
		switch line := &tp.source.line; {
		case line.last == 0: // there was nothing before, so no gap
		case line.last >= q.due[0].t:
			l.pos-- // the gap that says so stands right before it
		case q.late || line.last+line.every < q.due[0].t: // the gap is yet to be told, from its beginning
			l.pos = min(l.pos, l.clock.position(line.last))
		}
		all = append(all, l)
	}
	return all
}

// times returns the position up to which all of some topics are whole, nil meaning
// all there are, and the clock there.
func (m *mark) times(subs []uint32) (clock, int64) {
	c, pos := m.clock, m.clock.position(m.clock.last)
	for _, l := range m.late {
		if l.pos < pos && (subs == nil || slices.Contains(subs, l.sub)) {
			c, pos = l.clock, l.pos
		}
	}
	return c, pos
}

// newRun names a feed, so that a cursor of another one can be told.
func newRun() uint32 { return rand.Uint32() }

// cursor returns the cursor for the mark, or one before it.
func (m *mark) cursor(c clock, times, alerts int64) *cursor {
	return &cursor{
		t: max(c.time(times), 0), offset: c.offset, run: m.run,
		seq: eventNumber(alerts), extra: alerts & (1<<positionBits - 1), epoch: m.epoch,
	}
}

// now returns the mark in force. What it speaks of can be read.
func (k *marker) now() mark {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.mark
}

// publish publishes a part of what is to come.
func (k *marker) publish(items []stream.Item) {
	k.engine.Publish(items)
	k.stir(items)
}

// complete publishes the last part, after which the mark moves.
func (k *marker) complete(items []stream.Item, move func(*mark)) {
	k.mu.Lock()
	move(&k.mark)
	c, times := k.mark.times(nil)
	k.engine.PublishMarked(items, k.mark.cursor(c, times, k.mark.alerts).String())
	k.mu.Unlock()
	k.wake(items)
}
