package main

import "encoding/binary"

// Operation codes of RFC 6455, section 5.2.
const (
	opText  = 1
	opClose = 8
	opPing  = 9
	opPong  = 10
)

// keep is how much of a message's beginning is kept: enough for the operation,
// the subscription's number, the time of a samples message and the epoch of a hello.
const keep = 240

// parser takes a server's bytes in pieces of any size. The zero value is at the
// beginning of a frame.
type parser struct {
	left    uint64
	size    uint64 // of the message so far
	head    [10]byte
	have    uint8
	first   byte // the first byte of the frame under way
	kept    uint8
	control uint8
	begin   [keep]byte // of the message
	body    [125]byte  // of a control frame
}

// parsed is what handles the frames that a parser completes.
type parsed interface {
	message(begin []byte, size uint64)
	controlFrame(op byte, body []byte) (goOn bool)
}

// feed takes the next bytes. It returns false when the frame is none that a
// server may send, or to has had enough.
func (p *parser) feed(b []byte, to parsed) bool {
	for len(b) > 0 {
		if p.left == 0 {
			n, ok := p.header(b)
			if !ok {
				return false
			}
			b = b[n:]
			if p.have > 0 {
				return true // half a header
			}
		}
		n := uint64(len(b))
		if n > p.left {
			n = p.left
		}
		p.payload(b[:n])
		b = b[n:]
		p.left -= n
		if p.left == 0 && !p.end(to) {
			return false
		}
	}
	return true
}

// header takes bytes of a frame's header and leaves have at zero once it is
// complete.
func (p *parser) header(b []byte) (taken int, ok bool) {
	need := uint8(2)
	for {
		if p.have >= 2 {
			switch p.head[1] {
			case 126:
				need = 4
			case 127:
				need = 10
			}
		}
		if p.have == need {
			break
		}
		if taken == len(b) {
			return taken, true
		}
		p.head[p.have] = b[taken]
		p.have++
		taken++
	}
	p.have = 0
	p.first = p.head[0]
	switch l := p.head[1]; {
	case l&0x80 != 0, p.first&0x70 != 0:
		return taken, false // masked, or reserved bits that nobody negotiated
	case l == 126:
		p.left = uint64(binary.BigEndian.Uint16(p.head[2:]))
	case l == 127:
		p.left = binary.BigEndian.Uint64(p.head[2:])
	default:
		p.left = uint64(l)
	}
	if op := p.first & 15; op >= opClose {
		p.control = 0
		return taken, p.left <= uint64(len(p.body))
	} else if op != 0 {
		p.kept, p.size = 0, 0
	}
	p.size += p.left
	return taken, true
}

func (p *parser) payload(b []byte) {
	if p.first&15 >= opClose {
		p.control += uint8(copy(p.body[p.control:], b))
		return
	}
	p.kept += uint8(copy(p.begin[p.kept:], b))
}

func (p *parser) end(to parsed) bool {
	switch op := p.first & 15; {
	case op >= opClose:
		return to.controlFrame(op, p.body[:p.control])
	case p.first&0x80 != 0:
		to.message(p.begin[:p.kept], p.size)
	}
	return true
}

// clientFrame appends a client's frame with the mask zero, which leaves the
// payload as it is.
func clientFrame(to []byte, op byte, payload []byte) []byte {
	to = append(to, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		to = append(to, 0x80|byte(n))
	case n < 1<<16:
		to = append(to, 0x80|126, byte(n>>8), byte(n))
	default:
		to = append(to, 0x80|127)
		to = binary.BigEndian.AppendUint64(to, uint64(n))
	}
	to = append(to, 0, 0, 0, 0)
	return append(to, payload...)
}
