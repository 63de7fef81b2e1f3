package feed

import (
	"context"

	"monitord/stream"
	"monitord/stream/wire"
)

// primeTries is how often priming begins again because a tick came meanwhile.
const primeTries = 3

// prime makes the engine's topic for samples or a query, publishes the newest
// tick to it before anybody knows of it, and lets ticks feed it from then on. A
// newest tick that cannot be read is not worth refusing a subscription: the topic
// then begins with the next one. So it does when reading takes longer than a tick
// has time for: a worker of the engine must not be held up by one client's query.
func (f *Feed) prime(ctx context.Context, tp *topic, rows rowsFunc) {
	ctx, cancel := context.WithTimeout(ctx, f.budget)
	defer cancel()
	for range primeTries {
		c := f.now()
		last, err := f.newestDue(ctx, tp.key.every, c.last)
		var newest []row
		if err == nil && last != 0 {
			newest, err = rows(ctx, last, last)
		}
		if err != nil || ctx.Err() != nil {
			f.count.failed.Add(1)
			break
		}
		s := f.newSource(tp, rows, c.position(last))
		if len(newest) > 0 {
			f.engine.Publish(s.items(nil, c, s.line.take(newest[0], wire.Down)))
		}
		s.line.last = last
		if f.enliven(tp, c) {
			return
		}
		f.engine.Drop(tp.topic) // a tick came meanwhile
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	last := floor(f.clock.last, tp.key.every)
	s := f.newSource(tp, rows, f.clock.position(last)+1)
	s.line.last = last
	tp.live = true
}

// enliven lets ticks feed the topic unless there was one since c.
func (f *Feed) enliven(tp *topic, c clock) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	tp.live = f.clock.offset == c.offset && floor(f.clock.last, tp.key.every) == floor(c.last, tp.key.every)
	return tp.live
}

// newSource makes an engine topic that begins right before a position.
func (f *Feed) newSource(tp *topic, rows rowsFunc, before int64) *source {
	s := &source{feed: f, every: tp.key.every, rows: rows}
	s.topic = f.engine.NewTopic(stream.TopicOptions{Source: s, Start: before - 1, Skip: true})
	s.line = timeline{sub: s.topic.ID(), every: tp.key.every}
	s.revs = newRevisions()
	s.line.cols.number = s.revs.next
	tp.topic, tp.source = s.topic, s
	return s
}

// searched is how many due times before the newest tick are looked at for the
// newest one that is stored.
const searched = 20

// newestDue returns the newest due tick that is stored, 0 if there is none lately.
func (f *Feed) newestDue(ctx context.Context, every, last int64) (int64, error) {
	due := floor(last, every)
	if last == 0 || due == last {
		return last, nil
	}
	ticks, err := dueTicks(ctx, f.o.History, every, due-searched*every, due)
	if err != nil || len(ticks) == 0 {
		return 0, err
	}
	return ticks[len(ticks)-1], nil
}
