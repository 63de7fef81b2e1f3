package feed

import (
	"context"
	"fmt"
	"hash/maphash"
	"slices"
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
	u, from, faults := f.asked(r)
	for _, fault := range faults {
		refuse(t, "", fault)
	}
	o := opening{visit: f.visit(r.Conn), from: from, events: r.Transport == stream.Events}
	for i := range u.Subscriptions {
		f.subscribe(ctx, &o, &u.Subscriptions[i], t)
	}
}

// asked reads what a request asks for, and where from; nil: each subscription says
// so itself. The header goes before the URL, which stays as it is when a browser
// comes back. With a cursor that is none, nothing is subscribed to: whoever has one
// does not want to begin anew.
func (f *Feed) asked(r *stream.Request) (wire.URL, *cursor, []*wire.Error) {
	u, faults := wire.ParseURL(r.Query)
	text := u.Cursor
	if r.LastEventID != "" {
		text = r.LastEventID
	}
	if text == "" {
		return u, nil, faults
	}
	from, err := parseCursor(text)
	if err != nil {
		u.Subscriptions = nil
		return u, nil, append(faults, &wire.Error{Code: wire.BadMessage, Message: err.Error()})
	}
	return u, from, faults
}

// An opening is who asks, where from, and what the URL of a connection has been
// granted so far. The engine answers what is too much or there twice; a request
// that is to be refused as a whole must know before.
type opening struct {
	visit
	from   *cursor
	events bool
	topics []uint32
}

// take returns the fault in following one more topic, nil if there is none.
func (o *opening) take(tp *topic, limit int) *wire.Error {
	switch id := tp.topic.ID(); {
	case slices.Contains(o.topics, id):
		return refusedAs(stream.Duplicate, limit)
	case len(o.topics) >= limit:
		return refusedAs(stream.TooMany, limit)
	default:
		o.topics = append(o.topics, id)
		return nil
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
		f.subscribe(ctx, &opening{visit: f.visit(c)}, &r, t)
	}
}

func (f *Feed) unsubscribe(id string, t *stream.Turn) {
	unknown := wire.Error{ID: id, Code: wire.UnknownID, Message: "this connection has no such subscription"}
	t.Unsubscribe(f.tag(id), func(topic *stream.Topic) []byte {
		return (&wire.Unsubscribed{ID: id, Sub: topic.ID()}).AppendJSON(nil)
	}, unknown.AppendJSON(nil))
	t.Good()
}

func (f *Feed) subscribe(ctx context.Context, o *opening, r *wire.Request, t *stream.Turn) {
	tp, fault := f.find(ctx, o.visit, r)
	if fault != nil {
		f.count.refuse(r.Kind, fault.Code)
		refuse(t, r.ID, fault)
		return
	}
	defer f.unpin(tp) // after Subscribe, from which on the engine counts a follower
	if o.events {
		if fault := o.take(tp, f.o.MaxSubscriptions); fault != nil {
			refuse(t, r.ID, fault)
			return
		}
	}
	head, after := f.begin(ctx, tp, r, o.from)
	id := r.ID
	t.Subscribe(stream.Subscription{
		Topic: tp.topic, Tag: f.tag(id), Head: head, After: after,
		Refused: func(why stream.Refused) []byte { return f.refused(id, why) },
	})
	t.Good()
}

func (f *Feed) refused(id string, why stream.Refused) []byte {
	e := refusedAs(why, f.o.MaxSubscriptions)
	e.ID = id
	return e.AppendJSON(nil)
}

func refusedAs(why stream.Refused, limit int) *wire.Error {
	if why == stream.TooMany {
		return &wire.Error{Code: wire.TooMany, Message: fmt.Sprintf(
			"this connection has %d subscriptions, the most that max_subscriptions in [stream] allows", limit)}
	}
	return &wire.Error{Code: wire.Duplicate, Message: "this connection has a subscription with this id, or to the same, already"}
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

func (f *Feed) tag(id string) uint64 { return maphash.String(f.seed, id) }

// refuse answers a request that came to nothing.
func refuse(t *stream.Turn, id string, fault *wire.Error) {
	e := *fault // shared by all who waited for the same topic
	if id != "" {
		e.ID = id
	}
	t.Refuse(e.AppendJSON(nil))
	t.Bad(string(e.Code))
}
