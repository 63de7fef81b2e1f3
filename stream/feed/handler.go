package feed

import (
	"context"
	"fmt"
	"hash/maphash"
	"time"

	"monitord/stream"
	"monitord/stream/wire"
)

// Open greets a connection and makes the subscriptions of its URL.
func (f *Feed) Open(ctx context.Context, r *stream.Request, t *stream.Turn) {
	hello := wire.Hello{
		Version: f.o.Version, Instance: f.o.Instance, Epoch: f.o.Alerts.Epoch(),
		Interval: f.interval, T: f.now().last, Seq: f.o.Alerts.Last(),
	}
	t.Send(hello.AppendJSON(nil))
	requests, faults := wire.ParseURL(r.Query)
	for _, fault := range faults {
		refuse(t, "", fault)
	}
	v := f.visit(r.Conn)
	for i := range requests {
		f.subscribe(ctx, v, &requests[i], t)
	}
}

// Message answers one message. The engine lets no message of another type than the
// subprotocol's through.
func (f *Feed) Message(ctx context.Context, c stream.Conn, _ bool, payload []byte, t *stream.Turn) {
	parse := wire.ParseClient
	if c.Protocol == wire.SubprotocolCBOR {
		parse = wire.ParseClientCBOR
	}
	r, fault := parse(payload)
	if fault != nil {
		refuse(t, fault.ID, fault)
		return
	}
	switch r.Op {
	case wire.OpPing:
		pong := wire.Pong{T: r.T, Now: time.Now().UnixMilli()}
		t.Send(pong.AppendJSON(nil))
		t.Good()
	case wire.OpUnsubscribe:
		f.unsubscribe(r.ID, t)
	case wire.OpSubscribe:
		f.subscribe(ctx, f.visit(c), &r, t)
	}
}

func (f *Feed) unsubscribe(id string, t *stream.Turn) {
	unknown := wire.Error{ID: id, Code: wire.UnknownID, Message: "this connection has no such subscription"}
	t.Unsubscribe(f.tag(id), func(topic *stream.Topic) []byte {
		return (&wire.Unsubscribed{ID: id, Sub: topic.ID()}).AppendJSON(nil)
	}, unknown.AppendJSON(nil))
	t.Good()
}

func (f *Feed) subscribe(ctx context.Context, v visit, r *wire.Request, t *stream.Turn) {
	tp, fault := f.find(ctx, v, r)
	if fault != nil {
		f.count.refuse(r.Kind, fault.Code)
		refuse(t, r.ID, fault)
		return
	}
	defer f.unpin(tp) // after Subscribe, from which on the engine counts a follower
	head, after := f.begin(tp, r)
	id := r.ID
	t.Subscribe(stream.Subscription{
		Topic: tp.topic, Tag: f.tag(id), Head: head, After: after,
		Refused: func(why stream.Refused) []byte { return f.refused(id, why) },
	})
	t.Good()
}

func (f *Feed) refused(id string, why stream.Refused) []byte {
	e := wire.Error{ID: id, Code: wire.Duplicate, Message: "this connection has a subscription with this id, or to the same, already"}
	if why == stream.TooMany {
		e.Code, e.Message = wire.TooMany, fmt.Sprintf(
			"this connection has %d subscriptions, the most that max_subscriptions in [stream] allows", f.o.MaxSubscriptions)
	}
	return e.AppendJSON(nil)
}

// find returns the topic of a request, pinned.
func (f *Feed) find(ctx context.Context, v visit, r *wire.Request) (*topic, *wire.Error) {
	var every int64
	var fault *wire.Error
	if r.Kind != wire.KindAlerts {
		every, fault = f.every(r)
	}
	if fault == nil {
		if tp := f.spelled(r.Kind, r.Expr, every); tp != nil {
			return tp, nil
		}
	}
	var tp *topic
	switch r.Kind {
	case wire.KindSamples:
		tp, fault = f.samplesTopic(ctx, v, r)
	case wire.KindQuery:
		tp, fault = f.queryTopic(ctx, v, r)
	default:
		tp, fault = f.alertsTopic(ctx, v, r)
	}
	if fault == nil {
		f.spell(tp, r.Expr)
	}
	return tp, fault
}

// begin returns what a subscription starts with and the position after which the
// topic goes on.
func (f *Feed) begin(tp *topic, r *wire.Request) (head [][]byte, after int64) {
	if tp.key.kind == wire.KindAlerts {
		return f.beginAlerts(tp, r)
	}
	return f.beginTimes(tp, r)
}

func (f *Feed) tag(id string) uint64 { return maphash.String(f.seed, id) }

// refuse answers a request that came to nothing.
func refuse(t *stream.Turn, id string, fault *wire.Error) {
	e := *fault // shared by all who waited for the same topic
	if id != "" {
		e.ID = id
	}
	t.Send(e.AppendJSON(nil))
	t.Bad(string(e.Code))
}
