package feed

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"monitord/history/standing"
	"monitord/metric"
	"monitord/stream"
	"monitord/stream/wire"
)

// A row is what a topic's series have at one tick.
type row struct {
	t      int64
	values []metric.Value
	err    error // the query could not be evaluated there
}

// rowsFunc returns what a topic has at the stored due ticks in [from, to], in
// order. Its errors are those of storage.
type rowsFunc func(ctx context.Context, from, to int64) ([]row, error)

// A source makes the messages of samples and queries: the live ones from its
// line, which belongs to who ticks, and replayed ones for everybody.
type source struct {
	feed  *Feed
	topic *stream.Topic
	every int64 // milliseconds
	rows  rowsFunc
	line  timeline
	revs  *revisions
	begun int64 // up to here no due tick is stored, and live messages do not say so; 0: they do

	perPage atomic.Int64 // ticks; 0: not known yet
}

// items returns what is to be published of a step.
func (s *source) items(items []stream.Item, c clock, st step) []stream.Item {
	if st.gap != nil {
		items = append(items, stream.Item{Topic: s.topic, Entry: stream.Entry{
			Pos: c.position(st.gapTo), Messages: [][]byte{st.gap},
		}})
	}
	if len(st.messages) > 0 {
		items = append(items, stream.Item{Topic: s.topic, Entry: stream.Entry{
			Pos: c.position(s.line.last), Preamble: st.preamble, InForce: s.line.series, Messages: st.messages,
		}})
		s.measure()
	}
	return items
}

const (
	pageBytes     = 64 << 10  // of samples in a page, about
	maxSeriesPart = 512 << 10 // by which a page may be longer for a long series message
	maxPageTicks  = 256
	newPageTicks  = 64 // when the length of a message is not known
)

// measure notes how many ticks make a page: a page begins with a series message,
// so a long one must be worth it.
func (s *source) measure() {
	message := 64 + 10*len(s.line.cols.labels)
	n := (pageBytes + min(2*len(s.line.series), maxSeriesPart)) / message
	s.perPage.Store(int64(min(max(n, 1), maxPageTicks)))
}

// Page returns the messages after a position: whole pages end at the same times
// for everybody, so that those who resume together share them.
func (s *source) Page(ctx context.Context, after int64) (stream.Page, error) {
	p, c, err := s.page(ctx, after)
	if err != nil || len(p.messages) == 0 {
		return stream.Page{Next: after}, err
	}
	return stream.Page{Messages: p.messages, Next: c.position(p.to), Preamble: p.series}, nil
}

// page returns a page without messages if there is nothing after the position.
func (s *source) page(ctx context.Context, after int64) (page, clock, error) {
	c := s.feed.now()
	from := floor(c.time(after), s.every) + s.every
	horizon := floor(c.last, s.every)
	if from > horizon {
		return page{}, c, nil
	}
	k := pageKey{sub: s.line.sub, from: from, to: min(s.pageEnd(from), horizon)}
	p, err := s.feed.pages.get(ctx, k, func(ctx context.Context) (page, error) {
		return s.replay(ctx, from, k.to, horizon)
	})
	if err != nil {
		return page{}, c, fmt.Errorf("replay from %d: %w", from, err)
	}
	if p.to < from {
		return page{}, c, nil
	}
	return p, c, nil
}

// pageEnd returns the last time of the page that t is on.
func (s *source) pageEnd(t int64) int64 {
	n := s.perPage.Load()
	if n == 0 {
		n = newPageTicks
	}
	return floor(t, n*s.every) + (n-1)*s.every
}

// replay makes the messages of the due times in [from, to]. Where nothing is
// stored it goes on behind the hole, up to horizon, since one hole is one gap.
func (s *source) replay(ctx context.Context, from, to, horizon int64) (page, error) {
	rows, err := s.rows(ctx, from, to)
	for window := int64(maxPageTicks); err == nil && len(rows) == 0 && to < horizon; window *= 2 {
		start := to + s.every
		to = min(to+window*s.every, horizon)
		var ticks []int64
		if ticks, err = dueTicks(ctx, s.feed.o.History, s.every, start, to); err == nil && len(ticks) > 0 {
			to = min(s.pageEnd(ticks[0]), horizon)
			rows, err = s.rows(ctx, ticks[0], to)
		}
	}
	if err != nil {
		return page{}, err
	}
	p := page{to: from - 1}
	line := timeline{sub: s.line.sub, every: s.every, last: from - s.every}
	line.cols.number = s.revs.of
	for i, r := range rows {
		if i > 0 && p.size() > pageBytes+maxSeriesPart {
			break // wider than the live messages promised
		}
		reason := wire.Down
		if i == 0 && s.feed.expired(from) {
			reason = wire.Expired
		}
		st := line.take(r, reason)
		if st.gap != nil {
			p.add(st.gap, p.to+1)
		}
		for _, m := range st.messages {
			p.add(m, r.t)
		}
		p.to = r.t
		p.passing = p.passing || passing(r.err)
	}
	p.series = line.series
	return p, nil
}

// passing says that an evaluation failed for what is not the query's own: the
// machine was busy, or storage failed.
func passing(err error) bool {
	var e *standing.EvalError
	return errors.As(err, &e) && (e.Reason == standing.Time || e.Reason == standing.Storage)
}

// expired says that a time is before what the history still has.
func (f *Feed) expired(t int64) bool {
	r := f.o.Retention.Milliseconds()
	return r > 0 && t < f.now().last-r
}

// Skipped says what a reader that was behind has missed.
func (s *source) Skipped(after, next int64) [][]byte {
	c := s.feed.now()
	if after < c.turned && c.turned <= next {
		// Times that were there come again: that is what is to be known.
		g := wire.Gap{Sub: s.line.sub, From: ceil(c.time(next), s.every), To: floor(c.before, s.every), Reason: wire.Clock}
		return [][]byte{g.AppendJSON(nil)}
	}
	from := floor(c.time(after), s.every) + s.every
	to := ceil(c.time(next), s.every) - s.every
	if to < from {
		return nil
	}
	g := wire.Gap{Sub: s.line.sub, From: from, To: to, Missed: count(from, to, s.every), Reason: wire.Slow}
	if to <= s.begun {
		g.Reason = wire.Down
	}
	return [][]byte{g.AppendJSON(nil)}
}
