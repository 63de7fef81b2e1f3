package feed

import (
	"context"
	"errors"

	"monitord/stream"
	"monitord/stream/wire"
)

// primeTries is how often priming begins again because a tick came meanwhile.
const primeTries = 3

// prime makes the engine's topic for samples or a query, publishes the newest
// tick to it before anybody knows of it, and lets ticks feed it from then on. A
// query that there is no place or time for now is first evaluated by the next tick,
// at the time of the newest one: a worker of the engine must not be held up by one
// client's queries. A newest tick that cannot be read is not worth refusing a
// subscription: the topic then begins with the next one.
func (f *Feed) prime(ctx context.Context, v visit, tp *topic, rows rowsFunc) {
	none := false // no due tick is stored
	for range primeTries {
		c := f.now()
		last, err := f.newestDue(ctx, tp.key.every, c.last)
		if err != nil {
			break
		}
		if none = last == 0 && c.last != 0; none {
			break
		}
		s := f.newSource(tp, rows, c.position(last))
		if last != 0 {
			newest, err := f.newest(ctx, v, tp, rows, last)
			switch {
			case err != nil && tp.query != nil && ctx.Err() == nil:
				f.count.postponed.Add(1)
				tp.query.due = []moment{{last, c, wire.Down}}
			case err != nil:
				f.engine.Drop(tp.topic)
				f.beginNext(tp, rows, none)
				return
			default:
				if len(newest) > 0 {
					// A poll may come to know of it before the tick is whole.
					f.marks.publish(s.items(nil, c, s.line.take(newest[0], wire.Down)))
				}
				s.line.last = last
			}
		}
		if f.enliven(tp, c) {
			return
		}
		f.engine.Drop(tp.topic) // a tick came meanwhile
		if tp.query != nil {
			tp.query.due = nil
		}
	}
	f.beginNext(tp, rows, none)
}

// beginNext lets a topic begin with the next tick; none says that no due tick is
// stored before it.
func (f *Feed) beginNext(tp *topic, rows rowsFunc, none bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	last := floor(f.clock.last, tp.key.every)
	s := f.newSource(tp, rows, f.clock.position(last)+1)
	s.line.last = last
	if none {
		s.begun = last
	}
	tp.live = true
}

var errLater = errors.New("no place for a query now")

// newest returns what the topic has at the newest due tick.
func (f *Feed) newest(ctx context.Context, v visit, tp *topic, rows rowsFunc, last int64) ([]row, error) {
	ctx, cancel := v.atOnce(ctx)
	defer cancel()
	if tp.query != nil {
		if !f.beside.tryEnter(ctx) {
			return nil, errLater
		}
		defer f.beside.leave()
	}
	return rows(ctx, last, last)
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
	if tp.query != nil {
		rows = f.oneByOne(rows)
	}
	s := &source{feed: f, every: tp.key.every, rows: rows}
	s.topic = f.engine.NewTopic(stream.TopicOptions{Source: s, Start: before - 1, Skip: true})
	s.line = timeline{sub: s.topic.ID(), every: tp.key.every}
	s.revs = newRevisions()
	s.line.cols.number = s.revs.next
	tp.topic, tp.source = s.topic, s
	return s
}

// oneByOne makes replays of queries wait for a place.
func (f *Feed) oneByOne(rows rowsFunc) rowsFunc {
	return func(ctx context.Context, from, to int64) ([]row, error) {
		if err := f.beside.enter(ctx); err != nil {
			return nil, err
		}
		defer f.beside.leave()
		return rows(ctx, from, to)
	}
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
