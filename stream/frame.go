package stream

import (
	"encoding/binary"
	"strings"

	"github.com/gobwas/ws"
)

// maxHeader is the longest header of a frame from a server: no mask.
const maxHeader = 10

// frameSize returns the bytes that an unmasked frame with n bytes of payload has.
func frameSize(n int) int {
	switch {
	case n < 126:
		return 2 + n
	case n < 1<<16:
		return 4 + n
	}
	return maxHeader + n
}

// appendMessage appends one unfragmented, unmasked data frame (RFC 6455, 5.2).
func appendMessage(b []byte, text bool, payload []byte) []byte {
	op := ws.OpBinary
	if text {
		op = ws.OpText
	}
	return appendFrame(b, op, payload)
}

func appendFrame(b []byte, op ws.OpCode, payload []byte) []byte {
	n := len(payload)
	if b == nil {
		b = make([]byte, 0, frameSize(n))
	}
	b = append(b, 0x80|byte(op))
	switch {
	case n < 126:
		b = append(b, byte(n))
	case n < 1<<16:
		b = append(b, 126)
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b = append(b, 127)
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	return append(b, payload...)
}

// appendClose appends a close frame. A reason that does not fit is cut.
func appendClose(b []byte, code uint16, reason string) []byte {
	if code == 0 {
		return appendFrame(b, ws.OpClose, nil)
	}
	var body [ws.MaxControlFramePayloadSize]byte
	binary.BigEndian.PutUint16(body[:], code)
	n := copy(body[2:], cutUTF8(strings.ToValidUTF8(reason, "?"), len(body)-2))
	return appendFrame(b, ws.OpClose, body[:2+n])
}

// cutUTF8 returns at most n bytes of s and cuts no rune in two.
func cutUTF8(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && s[n]&0xc0 == 0x80 {
		n--
	}
	return s[:n]
}
