package feed

import (
	"context"

	"monitord/stream"
	"monitord/stream/wire"
)

// begin returns what a subscription starts with and the position after which the
// topic goes on: where the request says, or from a cursor.
func (f *Feed) begin(ctx context.Context, tp *topic, r *wire.Request, from *cursor) (head [][]byte, after int64) {
	if tp.key.kind == wire.KindAlerts {
		return f.beginAlerts(ctx, tp, r, from)
	}
	return f.beginTimes(tp, r, from)
}

// beginTimes answers a subscription to samples or a query.
func (f *Feed) beginTimes(tp *topic, r *wire.Request, from *cursor) (head [][]byte, after int64) {
	c := f.now()
	every := tp.key.every
	newest := floor(c.last, every)
	sub := tp.topic.ID()
	subscribed := wire.Subscribed{ID: r.ID, Sub: sub, T: newest}
	head = append(head, subscribed.AppendJSON(nil))

	var first int64 // time that is due
	switch {
	case from != nil:
		stepped := false
		if after, stepped = from.position(f.run, c); stepped {
			g := wire.Gap{Sub: sub, From: newest + every, To: floor(from.t, every), Reason: wire.Clock}
			head = append(head, g.AppendJSON(nil))
		}
		first = floor(c.time(after), every) + every
	case !r.From.IsSet():
		return head, stream.Newest
	default:
		first = ceil(max(r.From.Time(c.last), 0), every)
		after = c.position(first) - 1
	}
	oldest := newest - int64(f.o.MaxReplay-1)*every
	if first >= oldest {
		return head, after
	}
	if from == nil || from.t != 0 { // of a cursor from before the first tick nothing is too long ago
		g := wire.Gap{
			Sub: sub, From: first, To: oldest - every, Missed: count(first, oldest-every, every), Reason: wire.Long,
		}
		head = append(head, g.AppendJSON(nil))
	}
	return head, c.position(oldest) - 1
}
