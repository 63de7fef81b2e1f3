package feed

import (
	"cmp"
	"context"
	"slices"
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
	items = f.evaluate(ctx, c, queries, items)
	f.engine.Publish(items)
	f.ticking.Unlock()

	now := time.Now()
	f.sweep(wire.KindSamples, now, linger)
	f.sweep(wire.KindQuery, now, linger)
}

// evaluate appends the messages of the queries that are due: those first that
// have waited the longest, of these the slow ones last. What is there before a
// slow one does not wait for it.
func (f *Feed) evaluate(ctx context.Context, c clock, queries []*topic, items []stream.Item) []stream.Item {
	var due []*topic
	for _, tp := range queries {
		if c.last%tp.key.every == 0 {
			tp.query.add(c)
		}
		if len(tp.query.due) > 0 {
			due = append(due, tp)
		}
	}
	if len(due) == 0 {
		return items
	}
	slices.SortStableFunc(due, func(a, b *topic) int {
		return cmp.Or(cmp.Compare(position(a.query), position(b.query)), cmp.Compare(speed(a.query), speed(b.query)))
	})
	ctx, cancel := context.WithTimeout(ctx, f.budget)
	defer cancel()
	for i, tp := range due {
		if tp.query.took > slow && len(items) > 0 {
			f.engine.Publish(items)
			items = nil
		}
		items = tp.query.evaluate(ctx, tp.source, i == 0, &f.count, items)
	}
	return items
}

func speed(q *query) int {
	if q.took > slow {
		return 1
	}
	return 0
}

func position(q *query) int64 { return q.due[0].clock.position(q.due[0].t) }

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
		case tp.idle.IsZero() && after > 0:
			tp.idle = now
		case after == 0 || now.Sub(tp.idle) >= after:
			f.forgetLocked(tp)
			dropped = append(dropped, tp)
		}
	}
	f.mu.Unlock()
	for _, tp := range dropped {
		f.engine.Drop(tp.topic)
		if tp.query != nil {
			tp.query.standing.Release()
		}
	}
	if kind == wire.KindQuery {
		f.o.Standing.Lapsed() // its queries live as long as our topics, and a minute more
	}
}
