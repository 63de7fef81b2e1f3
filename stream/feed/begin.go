package feed

import (
	"monitord/stream"
	"monitord/stream/wire"
)

// beginTimes answers a subscription to samples or a query.
func (f *Feed) beginTimes(tp *topic, r *wire.Request) (head [][]byte, after int64) {
	c := f.now()
	every := tp.key.every
	newest := floor(c.last, every)
	sub := tp.topic.ID()
	subscribed := wire.Subscribed{ID: r.ID, Sub: sub, T: newest}
	head = append(head, subscribed.AppendJSON(nil))
	if !r.From.IsSet() {
		return head, stream.Newest
	}
	from := ceil(max(r.From.Time(c.last), 0), every)
	if oldest := newest - int64(f.o.MaxReplay-1)*every; from < oldest {
		g := wire.Gap{
			Sub: sub, From: from, To: oldest - every, Missed: count(from, oldest-every, every), Reason: wire.Long,
		}
		head = append(head, g.AppendJSON(nil))
		from = oldest
	}
	return head, c.position(from) - 1
}
