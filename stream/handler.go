package stream

import (
	"context"
	"net/netip"
)

// A Handler decides what a connection is told. Its methods are called by a
// bounded pool of workers, never in a poll loop, so they may read storage and
// evaluate. The calls for one connection come in order and never overlap: the
// next message is not even read from the socket before the last one's [Turn]
// has been carried out. Calls for different connections run at the same time.
//
// A call that panics closes its connection with 1011 and harms no other.
type Handler interface {
	// Open is called once, after the handshake and before any Message. r is
	// valid until it returns.
	Open(ctx context.Context, r *Request, t *Turn)
	// Message is called for each complete message. A text message is valid
	// UTF-8. The handler owns payload and may keep it.
	Message(ctx context.Context, c Conn, text bool, payload []byte, t *Turn)
}

// Conn names a connection. It is a plain value, not a handle: what is to be done
// with the connection goes through the [Turn].
type Conn struct {
	ID       uint64 // not used again while the engine lives
	Protocol string // the subprotocol agreed on; empty when none was
	// Client is the address that the connection is counted with, the network of
	// one host for IPv6; the zero Addr for loopback and Unix sockets, which are
	// exempt: a proxy is one address.
	Client netip.Addr
}

// Request is what a client asked for when it connected. Of the Conn of
// others than WebSocket connections only the Client is set: nothing comes from them
// after their request.
type Request struct {
	Conn
	Transport   Transport
	Query       string     // the URL's query, still encoded: give it to url.ParseQuery
	LastEventID string     // the header of that name, of Events and Polling
	Accept      []string   // the headers of that name, of Polling
	AtOnce      bool       // of Polling: whatever the URL says, there is no waiting
	Remote      netip.Addr // the zero Addr for a Unix socket
	UserAgent   string     // at most 256 bytes of it
}

// A Transport is a way in which messages reach a client.
type Transport uint8

// The transports.
const (
	WebSocket Transport = iota
	Events              // Server-Sent Events
	Polling             // an answer for each request
)

// Newest as [Subscription.After] starts with the newest entry that the topic has.
const Newest int64 = -1 << 63

// A Subscription makes a connection follow a topic.
type Subscription struct {
	// Topic is followed from the moment at which the [Turn] is carried out.
	Topic *Topic
	// Tag is the handler's own name for the subscription, such as a hash of the
	// client's id: [Turn.Unsubscribe] finds it by its tag.
	Tag uint64
	// Head are messages of this connection alone that stand before the first of
	// the topic.
	Head [][]byte
	// After says where to begin: everything at positions up to and including
	// After is taken as sent, everything later follows without hole or
	// repetition, from the Source as far as the ring does not reach back.
	// A position in the future is allowed. Newest: the newest entry there is (its
	// Preamble first), then what follows.
	After int64
	// Refused makes the message sent instead if the connection may not follow the
	// topic, which counts as a bad message. It is called in a poll loop and must
	// not block. Nil: no message.
	Refused func(Refused) []byte
}

// Refused is why a connection does not follow a topic.
type Refused uint8

const (
	Duplicate Refused = iota // it already follows the topic or already uses the tag
	TooMany                  // it follows as many as it may
)

// String is the name under which it is counted.
func (r Refused) String() string {
	if r == TooMany {
		return "too_many"
	}
	return "duplicate"
}

// A Turn collects what a handler wants done with the connection that it was
// called for. The connection's poll loop carries it out in the order of the
// calls, as one step, after the handler has returned. A Turn must not be used
// after that, nor by two goroutines. The engine takes ownership of payloads.
type Turn struct {
	text  bool // the type of the frames that carry the payloads
	form  form
	ops   []op
	good  bool
	bad   bool
	codes []string // of what was bad

	refused []byte // of Events: the body of the refusal
}

type op struct {
	kind     opKind
	messages int32
	frame    []byte // opSend: the message; opSubscribe: Head; opUnsubscribe: unknown; opClose: the reason as it is
	code     uint16 // opClose
	deaf     bool   // opClose: what the peer sends is not looked at any more
	why      reason // opClose
	tag      uint64 // opUnsubscribe
	sub      Subscription
	done     func(*Topic) []byte
}

type opKind uint8

const (
	opSend opKind = iota
	opSubscribe
	opUnsubscribe
	opClose
)

// Send sends a message to this connection alone.
func (t *Turn) Send(payload []byte) {
	t.ops = append(t.ops, op{kind: opSend, frame: t.form.message(nil, t.text, payload)})
}

// SendAs is Send with the type of the frame chosen for this message, which is sent
// as it is even if the subprotocol is [Options.Binary]; Send takes the type of the
// message that is answered, or text.
func (t *Turn) SendAs(text bool, payload []byte) {
	t.ops = append(t.ops, op{kind: opSend, frame: t.form.raw(nil, text, payload)})
}

// Subscribe makes the connection follow a topic. The topic counts the follower
// from here on, so that a caller that decides about [Engine.Drop] under the same
// lock never drops a topic that somebody is about to follow.
func (t *Turn) Subscribe(s Subscription) {
	s.Topic.followers.Add(1)
	head := t.form.frames(s.Head)
	n := int32(len(s.Head))
	s.Head = nil
	t.ops = append(t.ops, op{kind: opSubscribe, sub: s, frame: head, messages: n})
}

// Unsubscribe ends the subscription with this tag and sends what done returns,
// after the last message of the topic. If there is no such subscription it
// sends unknown, which counts as a bad message. done is called in a poll loop
// and must not block. Either may be nil.
func (t *Turn) Unsubscribe(tag uint64, done func(*Topic) []byte, unknown []byte) {
	o := op{kind: opUnsubscribe, tag: tag, done: done}
	if unknown != nil {
		o.frame = t.form.message(nil, true, unknown)
	}
	t.ops = append(t.ops, o)
}

// Close ends the connection with a close frame once everything before it in the
// order of the connection has been sent. The reason is cut to 123 bytes; with
// codes 1001, 1012 and 1013 the engine appends " retry=MS".
func (t *Turn) Close(code uint16, reason string) {
	t.ops = append(t.ops, op{kind: opClose, code: code, frame: []byte(reason), why: reasonOf(code)})
}

// Refuse answers a request for Events with status 400 and this message, in place
// of everything else that the turn would do. The first refusal counts. Over other
// transports it is Send.
func (t *Turn) Refuse(payload []byte) {
	switch {
	case t.form.variant != evented:
		t.Send(payload)
	case t.refused == nil:
		t.refused = payload
	}
}

// fail ends a connection for a message that cannot be understood.
func (t *Turn) fail(f *fault) {
	t.ops = append(t.ops, op{kind: opClose, code: f.code, frame: []byte(f.reason), deaf: true, why: f.why()})
}

// Good says that the message was understood, Bad that it was not. After ten bad
// ones in a row without a good one the connection is closed with 1008.
func (t *Turn) Good() { t.good = true }

// Bad is the opposite of [Turn.Good], and wins if both are called. What was wrong
// is counted by code, of which a program has a few: see [Stats.Bad].
func (t *Turn) Bad(code string) {
	t.bad = true
	t.codes = append(t.codes, code)
}

// maxBad is the number of bad messages in a row that close a connection.
const maxBad = 10
