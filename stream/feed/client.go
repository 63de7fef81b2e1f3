package feed

import (
	"cmp"
	"context"
	"math/bits"
	"net/netip"
	"slices"
	"time"

	"monitord/stream"
)

// A client is whom a topic is put down to: who asked for it first. It is an
// address, or a connection of those whose address is everybody's.
type client struct {
	addr netip.Addr
	conn uint64
}

func clientOf(c stream.Conn) client {
	if c.Client.IsValid() {
		return client{addr: c.Client}
	}
	return client{conn: c.ID}
}

// A visit is one call of the engine on behalf of a client.
type visit struct {
	client
	until time.Time // what it has evaluated at once ends then
}

func (f *Feed) visit(c stream.Conn) visit {
	return visit{clientOf(c), time.Now().Add(f.patience)}
}

// atOnce returns a context for what the visitor would have evaluated at once.
func (v visit) atOnce(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithDeadline(ctx, v.until)
}

// spending says how much time the queries of each client have lately taken. It
// belongs to the goroutine that ticks.
type spending map[client]time.Duration

// tick forgets: half of what is remembered is from the last two or three ticks.
func (s spending) tick() {
	for c, d := range s {
		if d -= d / 4; d < time.Millisecond/8 {
			delete(s, c)
		} else {
			s[c] = d
		}
	}
}

// class orders clients: 0 for those that take less than a millisecond, one more
// for each time twice as much.
func (s spending) class(c client) int { return bits.Len64(uint64(s[c] / time.Millisecond)) }

// order sorts topics of queries that are due into the order of their turns.
func (s spending) order(due []*topic) {
	slices.SortStableFunc(due, func(a, b *topic) int {
		return cmp.Or(
			cmp.Compare(s.class(a.owner), s.class(b.owner)),
			cmp.Compare(speed(a.query), speed(b.query)),
			cmp.Compare(position(a.query), position(b.query)))
	})
}

func speed(q *query) int {
	if q.standing.Cost() > slow {
		return 1
	}
	return 0
}

func position(q *query) int64 { return q.due[0].clock.position(q.due[0].t) }
