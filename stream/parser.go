package stream

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
)

// A parser turns what a client sends into messages and control frames, however
// the bytes are split. It keeps what it has been given of an unfinished message
// and nothing that was only announced. It does no input or output. The zero
// value stands between two messages.
type parser struct {
	head   [14]byte // of the frame under way
	n      uint8    // bytes of head so far
	size   uint8    // bytes that head will have, 0 while not known
	body   bool     // the head is complete
	fin    bool
	op     ws.OpCode
	kind   ws.OpCode // of the message under way: text or binary; 0: none
	packed bool      // that message is compressed
	utf8   utf8State
	mask   [4]byte
	offset int   // into the payload of the frame
	left   int64 // of its payload
	frames int   // of the message so far
	msg    []byte
	ctl    []byte
}

// limits bound what a client may send.
type limits struct {
	message int64     // bytes, over all fragments
	frames  int       // fragments of one message
	deflate bool      // permessage-deflate was negotiated
	only    ws.OpCode // the one type that messages may have; 0: both
}

func newLimits(maxMessage int64) limits {
	// Enough for anything in fragments of 64 bytes, not for empty ones for ever.
	return limits{message: maxMessage, frames: 256 + int(maxMessage/64)}
}

// got is what feed has found.
type got uint8

const (
	gotNothing got = iota // all bytes are taken, more are needed
	gotMessage
	gotPing
	gotPong
	gotClose
)

// A fault is why a connection must be failed, and with which code.
type fault struct {
	code   uint16
	reason string
}

// why returns the reason under which a connection that failed so is counted.
func (f *fault) why() reason {
	if f.code == 1008 {
		return goneFragments
	}
	return reasonOf(f.code)
}

// idle says that nothing is under way.
func (p *parser) idle() bool { return p.n == 0 && p.kind == 0 }

// take returns the payload of the message or control frame that feed has just
// found; it belongs to the caller. If packed was set, a message is compressed.
func (p *parser) take(g got) (payload []byte, text bool) {
	if g == gotMessage {
		payload, text = p.msg, p.kind == ws.OpText
		p.msg, p.kind, p.frames, p.packed = nil, 0, 0, false
		p.utf8 = utf8State{}
		return payload, text
	}
	payload, p.ctl = p.ctl, nil
	return payload, false
}

// feed takes bytes up to the end of the next message or control frame and says
// how many those were. After a fault the parser is of no more use.
func (p *parser) feed(b []byte, l *limits) (n int, g got, f *fault) {
	for n < len(b) || (p.body && p.left == 0) {
		if !p.body {
			p.head[p.n] = b[n]
			p.n++
			n++
			if f := p.header(l); f != nil {
				return n, gotNothing, f
			}
			continue
		}
		k := int(min(p.left, int64(len(b)-n)))
		if f := p.payload(b[n : n+k]); f != nil {
			return n + k, gotNothing, f
		}
		n += k
		if p.left > 0 {
			continue
		}
		p.n, p.size, p.body = 0, 0, false
		if g, f = p.end(); f != nil || g != gotNothing {
			return n, g, f
		}
	}
	return n, gotNothing, nil
}

// header judges each part of the head as soon as it is there, always at the same
// byte, so that the verdict does not depend on how the bytes were split.
func (p *parser) header(l *limits) *fault {
	switch {
	case p.n < 2:
		return nil
	case p.n == 2:
		return p.headerStart(l)
	case p.n == p.size-4 && p.size > 6:
		length := uint64(binary.BigEndian.Uint16(p.head[2:]))
		shortest := uint64(126)
		if p.size == 14 {
			length, shortest = binary.BigEndian.Uint64(p.head[2:]), 1<<16
		}
		if length < shortest {
			return &fault{1002, "length not in its shortest form"}
		}
		if length >= 1<<63 {
			return &fault{1002, "length with its highest bit set"}
		}
		return p.announced(int64(length), l)
	case p.n == p.size:
		copy(p.mask[:], p.head[p.size-4:])
		p.offset = 0
		p.body = true
	}
	return nil
}

func (p *parser) headerStart(l *limits) *fault {
	state := ws.StateServerSide
	if p.kind != 0 {
		state = state.Set(ws.StateFragmented)
	}
	h := ws.Header{
		Fin:    p.head[0]&0x80 != 0,
		Rsv:    p.head[0] >> 4 & 7,
		OpCode: ws.OpCode(p.head[0] & 15),
		Masked: p.head[1]&0x80 != 0,
		Length: int64(p.head[1] & 0x7f),
	}
	packed := false
	if l.deflate {
		// On the first frame of a message only (RFC 7692, 6.1).
		var err error
		if h, packed, err = wsflate.UnsetBit(h); err != nil {
			return &fault{1002, err.Error()}
		}
	}
	if err := ws.CheckHeader(h, state); err != nil {
		return &fault{1002, err.Error()}
	}
	p.fin, p.op = h.Fin, h.OpCode
	if !p.op.IsControl() {
		if p.kind == 0 {
			if l.only != 0 && p.op != l.only {
				return &fault{1003, "the subprotocol has no messages of this type"}
			}
			p.kind, p.packed = p.op, packed
		}
		p.frames++
		if p.frames > l.frames {
			return &fault{1008, "too many fragments"}
		}
	}
	switch h.Length {
	case 126:
		p.size = 8
	case 127:
		p.size = 14
	default:
		p.size = 6
		return p.announced(h.Length, l)
	}
	return nil
}

func (p *parser) announced(length int64, l *limits) *fault {
	limit := l.message
	if p.packed {
		limit = deflatedLimit(limit)
	}
	if !p.op.IsControl() && length > limit-int64(len(p.msg)) {
		return &fault{1009, "message too big"}
	}
	p.left = length
	return nil
}

func (p *parser) payload(b []byte) *fault {
	p.left -= int64(len(b))
	if len(b) == 0 {
		return nil
	}
	to := &p.msg
	if p.op.IsControl() {
		to = &p.ctl
	}
	at := len(*to)
	*to = append(*to, b...)
	fresh := (*to)[at:]
	ws.Cipher(fresh, p.mask, p.offset)
	p.offset += len(b)
	if !p.op.IsControl() && p.kind == ws.OpText && !p.packed && !p.utf8.check(fresh) {
		return &fault{1007, "text that is not UTF-8"}
	}
	return nil
}

func (p *parser) end() (got, *fault) {
	switch p.op {
	case ws.OpPing:
		return gotPing, nil
	case ws.OpPong:
		return gotPong, nil
	case ws.OpClose:
		return gotClose, checkClose(p.ctl)
	}
	if !p.fin {
		return gotNothing, nil
	}
	if p.kind == ws.OpText && !p.utf8.whole() {
		return gotNothing, &fault{1007, "text that ends within a rune"}
	}
	return gotMessage, nil
}

// checkClose judges the payload of a close frame (RFC 6455, 5.5.1 and 7.4).
// Codes 1012 to 1014 are in IANA's registry, though not in the RFC.
func checkClose(b []byte) *fault {
	if len(b) == 0 {
		return nil
	}
	if len(b) == 1 {
		return &fault{1002, "close code cut short"}
	}
	code := ws.StatusCode(binary.BigEndian.Uint16(b))
	switch {
	case code >= 1012 && code <= 1014:
	case code >= 5000:
		return &fault{1002, "close code not defined"}
	default:
		if err := ws.CheckCloseFrameData(code, ""); err != nil {
			return &fault{1002, err.Error()}
		}
	}
	if !utf8.Valid(b[2:]) {
		return &fault{1007, "close reason that is not UTF-8"}
	}
	return nil
}
