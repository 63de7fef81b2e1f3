package feed

import (
	"context"
	"time"

	"monitord/metric"
	"monitord/stream"
	"monitord/stream/wire"
)

// linger is how long a topic is kept that nobody follows.
const linger = time.Minute

// Tick streams a batch and what stands on it. The batch must be in the history,
// the results of rules included. Tick may take up to half an interval, for
// queries; what it has no time for is evaluated with the next tick.
//
// A batch whose time is not later than the last one's means that the wall clock
// was stepped back: subscribers get a gap with the reason clock.
func (f *Feed) Tick(ctx context.Context, b metric.Batch) {
	f.ticking.Lock()
	f.mu.Lock()
	c, fresh := f.clock.step(b.T)
	if !fresh {
		f.mu.Unlock()
		f.ticking.Unlock()
		return
	}
	f.clock = c
	plain, queries := f.liveLocked(wire.KindSamples), f.liveLocked(wire.KindQuery)
	f.mu.Unlock()

	var items []stream.Item
	for _, tp := range plain {
		if b.T%tp.key.every == 0 {
			items = tp.source.items(items, c, tp.samples.tick(&tp.source.line, b))
		}
	}
	items = f.evaluate(ctx, c, untaken(b), queries, items)
	var were []late
	f.marks.complete(items, func(m *mark) { were, m.clock, m.late = m.late, c, lateOf(queries) })
	f.marks.wakeStirred(were)
	f.ticking.Unlock()

	now := time.Now()
	f.sweep(wire.KindSamples, now, linger)
	f.sweep(wire.KindQuery, now, linger)
}

// evaluate appends the messages of the queries that are due: those first whose
// client has lately had the least of the time, so that nobody's queries keep
// back those of others; of these the quick ones, and those that have waited the
// longest. What is there before a slow one does not wait for it.
func (f *Feed) evaluate(ctx context.Context, c clock, gap wire.Reason, queries []*topic, items []stream.Item) []stream.Item {
	var due []*topic
	for _, tp := range queries {
		if c.last%tp.key.every == 0 {
			tp.query.add(c, gap)
		}
		if len(tp.query.due) > 0 {
			due = append(due, tp)
		}
	}
	if len(due) == 0 {
		return items
	}
	f.spent.tick()
	f.spent.order(due)
	ctx, cancel := context.WithTimeout(ctx, f.budget)
	defer cancel()
	for i, tp := range due {
		if speed(tp.query) > 0 && len(items) > 0 {
			f.marks.publish(items)
			items = nil
		}
		begin := time.Now()
		items = tp.query.evaluate(ctx, tp.source, i == 0, &f.count, items)
		f.spent[tp.owner] += time.Since(begin)
	}
	return items
}

// sweep drops the topics of a kind that nobody has followed for some time.
func (f *Feed) sweep(kind wire.Kind, now time.Time, after time.Duration) {
	publishing := &f.ticking
	if kind == wire.KindAlerts {
		publishing = &f.telling
	}
	publishing.Lock()
	defer publishing.Unlock()
	f.mu.Lock()
	var dropped []*topic
	for k, tp := range f.topics {
		switch {
		case k.kind != kind || !tp.live:
		case tp.pins > 0 || tp.topic.Followers() > 0:
			tp.idle = time.Time{}
		case tp.idle.IsZero():
			tp.idle = now
		case now.Sub(tp.idle) >= after:
			f.forgetLocked(tp)
			dropped = append(dropped, tp)
		}
	}
	f.mu.Unlock()
	f.drop(dropped)
	if kind == wire.KindQuery {
		f.o.Standing.Lapsed() // its queries live as long as our topics, and a minute more
	}
}

// evict drops the topics of a kind that nobody follows at this moment, without
// waiting for a tick that is under way: those of one client, or of the zero client
// everybody's.
func (f *Feed) evict(kind wire.Kind, of client) {
	f.mu.Lock()
	var dropped []*topic
	for k, tp := range f.topics {
		if k.kind == kind && tp.live && tp.pins == 0 && tp.topic.Followers() == 0 && (of == client{} || tp.owner == of) {
			f.forgetLocked(tp)
			dropped = append(dropped, tp)
		}
	}
	f.mu.Unlock()
	f.drop(dropped)
}

// drop gives back what topics hold that have been forgotten. A tick that still
// knows them publishes in vain.
func (f *Feed) drop(topics []*topic) {
	for _, tp := range topics {
		f.engine.Drop(tp.topic)
		if tp.query != nil {
			tp.query.standing.Release()
		}
	}
}
