package feed

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"monitord/stream"
	"monitord/stream/wire"
)

// A key is what makes two subscriptions one topic.
type key struct {
	kind  wire.Kind
	expr  string // canonical
	every int64  // milliseconds; 0 for alerts
}

// A topic is one engine topic and what feeds it.
type topic struct {
	key   key
	ready chan struct{} // closed when the fields below are set, for good
	fault *wire.Error   // why there is no such topic, without an id
	topic *stream.Topic

	source  *source  // of samples and queries
	samples *samples // or
	query   *query   // or
	alerts  *matched

	// Guarded by the feed's mu.
	pins int       // handlers that are about to follow it
	idle time.Time // since when nobody follows it; zero: somebody does
	live bool      // ticks and events are published to it
}

// acquire returns the topic for a key and keeps it from being dropped until
// unpin. The first who asks builds it, with build; the others wait.
func (f *Feed) acquire(ctx context.Context, k key, build func(context.Context, *topic)) (*topic, *wire.Error) {
	tp, first, fault := f.reserve(k)
	if fault != nil {
		return nil, fault
	}
	if first {
		f.build(ctx, tp, build)
	}
	select {
	case <-tp.ready:
		fault = tp.fault
	case <-ctx.Done():
		fault = &wire.Error{Code: wire.QueryFailed, Message: "the server is shutting down"}
	}
	if fault != nil {
		f.unpin(tp)
		return nil, fault
	}
	return tp, nil
}

// reserve returns the topic for a key, pinned, and whether it is new and to be
// built by the caller. When there are too many, those that nobody follows go at
// once.
func (f *Feed) reserve(k key) (tp *topic, first bool, fault *wire.Error) {
	for try := 0; ; try++ {
		f.mu.Lock()
		tp = f.topics[k]
		full := tp == nil && f.kinds[k.kind] >= f.o.MaxQueries
		if !full {
			if first = tp == nil; first {
				tp = &topic{key: k, ready: make(chan struct{})}
				f.topics[k] = tp
				f.kinds[k.kind]++
			}
			tp.pins++
			f.mu.Unlock()
			return tp, first, nil
		}
		f.mu.Unlock()
		if try > 0 {
			return nil, false, f.tooMany(k.kind)
		}
		f.sweep(k.kind, time.Now(), 0)
	}
}

// build makes a topic ready. Should fn panic, the topic is forgotten: nobody may
// wait for it for ever.
func (f *Feed) build(ctx context.Context, tp *topic, fn func(context.Context, *topic)) {
	tp.fault = &wire.Error{Code: wire.QueryFailed, Message: "the server could not set it up"}
	defer func() {
		if tp.fault != nil {
			f.mu.Lock()
			f.forgetLocked(tp)
			f.mu.Unlock()
			if tp.query != nil {
				tp.query.standing.Release()
			}
		}
		close(tp.ready)
	}()
	fn(ctx, tp)
	tp.fault = nil
}

func (f *Feed) unpin(tp *topic) {
	f.mu.Lock()
	tp.pins--
	f.mu.Unlock()
}

func (f *Feed) forgetLocked(tp *topic) {
	delete(f.topics, tp.key)
	f.kinds[tp.key.kind]--
	tp.live = false
}

// live returns the topics of a kind that are to be published to, by number.
func (f *Feed) liveLocked(kind wire.Kind) []*topic {
	var live []*topic
	for k, tp := range f.topics {
		if k.kind == kind && tp.live {
			live = append(live, tp)
		}
	}
	slices.SortFunc(live, func(a, b *topic) int { return cmp.Compare(a.topic.ID(), b.topic.ID()) })
	return live
}

// tooMany says which bound was reached and how to raise it.
func (f *Feed) tooMany(kind wire.Kind) *wire.Error {
	return &wire.Error{Code: wire.TooMany, Message: fmt.Sprintf(
		"%d different subscriptions of the kind %q are being followed, the most that max_queries in [stream] allows", f.o.MaxQueries, kind)}
}
