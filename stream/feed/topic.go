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
	owner client        // who asked for it first
	ready chan struct{} // closed when the fields below are set, for good
	fault *wire.Error   // why there is no such topic, without an id
	topic *stream.Topic

	source  *source  // of samples and queries
	samples *samples // or
	query   *query   // or
	alerts  *matched

	// Guarded by the feed's mu.
	pins      int       // handlers that are about to follow it
	idle      time.Time // since when nobody follows it; zero: somebody does
	live      bool      // ticks and events are published to it
	spellings []key     // by which it is known, beside its own
}

// acquire returns the topic for a key and keeps it from being dropped until
// unpin. The first who asks builds it, with build; the others wait.
func (f *Feed) acquire(ctx context.Context, who client, k key, build func(context.Context, *topic)) (*topic, *wire.Error) {
	tp, first, fault := f.reserve(who, k)
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
// once: of this client, when it is the one who has too many.
func (f *Feed) reserve(who client, k key) (tp *topic, first bool, fault *wire.Error) {
	for try := 0; ; try++ {
		f.mu.Lock()
		tp = f.topics[k]
		full := tp == nil && f.kinds[k.kind] >= f.o.MaxQueries
		crowded := tp == nil && who.addr.IsValid() && f.owned[who] >= f.o.MaxQueriesPerAddress
		if !full && !crowded {
			if first = tp == nil; first {
				tp = &topic{key: k, owner: who, ready: make(chan struct{})}
				f.topics[k] = tp
				f.kinds[k.kind]++
				f.owned[who]++
			}
			tp.pins++
			f.mu.Unlock()
			return tp, first, nil
		}
		f.mu.Unlock()
		switch {
		case try > 0 && crowded:
			return nil, false, f.tooManyOfAddress()
		case try > 0:
			return nil, false, f.tooMany(k.kind)
		case crowded:
			for _, kind := range []wire.Kind{wire.KindSamples, wire.KindQuery, wire.KindAlerts} {
				f.evict(kind, who)
			}
		default:
			f.evict(k.kind, client{})
		}
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
	f.forgetSpellingsLocked(tp)
	f.kinds[tp.key.kind]--
	if f.owned[tp.owner]--; f.owned[tp.owner] == 0 {
		delete(f.owned, tp.owner)
	}
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
		"%d different subscriptions of the kind %q are being followed, the most that max_queries in [stream] allows: end some, or raise it", f.o.MaxQueries, kind)}
}

func (f *Feed) tooManyOfAddress() *wire.Error {
	return &wire.Error{Code: wire.TooMany, Message: fmt.Sprintf(
		"your address asked first for %d different subscriptions that are being followed, the most that max_queries_per_address in [stream] allows: end some, or raise it", f.o.MaxQueriesPerAddress)}
}
