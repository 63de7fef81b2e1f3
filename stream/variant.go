package stream

import "encoding/binary"

// A variant is one of the ways in which the same messages are written for
// different connections. All that need the same variant of an entry are sent the
// same bytes, which are made when the first of them needs them.
type variant uint8

const (
	plain    variant = 0
	deflated variant = 1 << (iota - 1) // permessage-deflate was negotiated
	variants         = 2
)

// variant returns how messages are written for the connection.
func (c *conn) variant() variant { return variant(c.flags/deflates) & (variants - 1) }

// as returns an entry in one variant. It must not be called under t.mu.
func (t *Topic) as(e *Engine, en *entry, v variant) *framed {
	if v == plain {
		return &en.framed
	}
	en.mu.Lock()
	defer en.mu.Unlock()
	if en.others == nil {
		en.others = new([variants]*framed)
	}
	if en.others[v] == nil {
		made := en.rewrite(v)
		en.others[v] = made
		t.grow(e, en, int64(len(made.frame)+len(made.preamble)))
	}
	return en.others[v]
}

// grow counts more bytes for an entry, unless it has left the ring meanwhile.
func (t *Topic) grow(e *Engine, en *entry, n int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if en.bytes > 0 {
		en.bytes += n
		e.ringBytes.Add(n)
	}
}

func (e *entry) rewrite(v variant) *framed {
	return &framed{frame: v.rewrite(e.frame), preamble: v.rewrite(e.preamble)}
}

// rewrite returns plain frames in another variant; nil for none.
func (v variant) rewrite(frames []byte) (b []byte) {
	for len(frames) > 0 {
		head, n := 2, int(frames[1])
		switch n {
		case 126:
			head, n = 4, int(binary.BigEndian.Uint16(frames[2:]))
		case 127:
			head, n = maxHeader, int(binary.BigEndian.Uint64(frames[2:]))
		}
		b = v.append(b, true, frames[head:head+n])
		frames = frames[head+n:]
	}
	return b
}

// append appends one message, framed.
func (v variant) append(b []byte, text bool, message []byte) []byte {
	if v&deflated != 0 {
		return appendDeflated(b, text, message)
	}
	return appendMessage(b, text, message)
}

// frames joins messages into one buffer of frames; nil if there are none.
func (v variant) frames(messages [][]byte) []byte {
	if len(messages) == 0 {
		return nil
	}
	if v == plain {
		n := 0
		for _, m := range messages {
			n += frameSize(len(m))
		}
		b := make([]byte, 0, n)
		for _, m := range messages {
			b = appendMessage(b, true, m)
		}
		return b
	}
	var b []byte
	for _, m := range messages {
		b = v.append(b, true, m)
	}
	return b
}
