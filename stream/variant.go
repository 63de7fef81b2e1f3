package stream

import (
	"bytes"
	"sync"
)

// A variant is one of the ways in which the same messages are written for
// different connections. All that need the same variant of an entry are sent the
// same bytes, which are made when the first of them needs them.
type variant uint8

const (
	bare     variant = 0
	deflated variant = 1 << (iota - 1) // permessage-deflate was negotiated
	encoded                            // the subprotocol is [Options.Binary]
	evented                            // Server-Sent Events; goes with no other
	variants = evented + 1
)

// variant returns how messages are written for the connection.
func (c *conn) variant() variant {
	if c.events() {
		return evented
	}
	return variant(c.flags/deflates) & (deflated | encoded)
}

// variantFlags returns the flags of a connection that say its variant.
func (e *Engine) variantFlags(protocol uint8, deflate bool) (flags uint16) {
	if deflate {
		flags |= deflates
	}
	if o := &e.o; o.Binary != "" && protocol != 0 && o.Protocols[protocol-1] == o.Binary {
		flags |= encodes
	}
	return flags
}

// A form writes messages in one variant. The zero value writes plain ones.
type form struct {
	variant
	encode func(message []byte) []byte // of the engine; used by an encoded variant
}

func (e *Engine) form(v variant) form { return form{v, e.o.Encode} }

func (s *shard) form(c *conn) form { return s.e.form(c.variant()) }

// A framed is messages in one piece, in every variant that was needed so far.
type framed struct {
	plain []byte
	bytes int64 // that the ring counts for it; guarded by the topic's mu

	mu     sync.Mutex // guards the field below
	others *[variants][]byte
}

// holds says whether this is one message, framed.
func (m *framed) holds(message []byte) bool {
	return len(m.plain) == frameSize(len(message)) && bytes.HasSuffix(m.plain, message)
}

// as returns the messages in a variant, and how many bytes have been made for it.
func (m *framed) as(f form) (b []byte, made int) {
	if f.variant == bare || len(m.plain) == 0 {
		return m.plain, 0
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.others == nil {
		m.others = new([variants][]byte)
	}
	o := &m.others[f.variant]
	if *o == nil {
		*o = f.rewrite(m.plain)
		made = len(*o)
	}
	return *o, made
}

// frame returns the messages of an entry in one variant, and preamble what must
// come before them. They must not be called under t.mu.
func (t *Topic) frame(e *Engine, en *entry, v variant) []byte {
	return t.as(e, en, &en.frame, v)
}

func (t *Topic) preamble(e *Engine, en *entry, v variant) []byte {
	if en.preamble == nil {
		return nil
	}
	return t.as(e, en, en.preamble, v)
}

// as counts what had to be made, unless the entry has left the ring meanwhile.
func (t *Topic) as(e *Engine, en *entry, m *framed, v variant) []byte {
	b, made := m.as(e.form(v))
	if made == 0 {
		return b
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !en.gone {
		m.bytes += int64(made)
		e.ringBytes.Add(int64(made))
	}
	return b
}

// rewrite returns plain frames in another variant, never nil.
func (f form) rewrite(frames []byte) []byte {
	b := []byte{}
	for len(frames) > 0 {
		head, n := plainHead(frames)
		b = f.message(b, true, frames[head:head+n])
		frames = frames[head+n:]
	}
	return b
}

// message appends one message that the handler, a topic or a source has given; it
// is text or not if the variant has no encoding of its own.
func (f form) message(b []byte, text bool, message []byte) []byte {
	if f.variant&encoded == 0 {
		return f.raw(b, text, message)
	}
	if message = f.encode(message); message == nil {
		return b
	}
	return f.raw(b, false, message)
}

// raw appends one message as it is, framed.
func (f form) raw(b []byte, text bool, message []byte) []byte {
	if f.variant == evented {
		return appendEvent(b, message)
	}
	if f.variant&deflated != 0 {
		return appendDeflated(b, text, message)
	}
	return appendMessage(b, text, message)
}

// frames joins messages into one buffer of frames; nil if there are none.
func (f form) frames(messages [][]byte) []byte {
	if len(messages) == 0 {
		return nil
	}
	n := 0
	if f.variant == bare {
		for _, m := range messages {
			n += frameSize(len(m))
		}
	}
	b := make([]byte, 0, n)
	for _, m := range messages {
		b = f.message(b, true, m)
	}
	return b
}
