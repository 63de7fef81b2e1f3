package stream

import "encoding/binary"

// utf8State checks UTF-8 (RFC 3629) piece by piece and fails at the first byte
// that cannot belong to it, in the middle of a rune too: RFC 6455, 8.1, with no
// waiting for the rest of the message. The zero value is the state between runes.
type utf8State struct {
	left   uint8 // continuation bytes that are still to come
	lo, hi uint8 // what the next of them must be within
}

// whole says that no rune is under way.
func (s *utf8State) whole() bool { return s.left == 0 }

// check takes the next bytes and says whether the text is still valid.
func (s *utf8State) check(b []byte) bool {
	for i := 0; i < len(b); {
		if s.left == 0 {
			for i+8 <= len(b) && binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 == 0 {
				i += 8
			}
			if i == len(b) {
				return true
			}
		}
		c := b[i]
		i++
		if s.left > 0 {
			if c < s.lo || c > s.hi {
				return false
			}
			s.left--
			s.lo, s.hi = 0x80, 0xbf
			continue
		}
		s.lo, s.hi = 0x80, 0xbf
		switch {
		case c < 0x80:
		case c < 0xc2: // a continuation byte, or longer than need be
			return false
		case c < 0xe0:
			s.left = 1
		case c < 0xf0:
			s.left = 2
			if c == 0xe0 {
				s.lo = 0xa0
			} else if c == 0xed { // surrogates
				s.hi = 0x9f
			}
		case c < 0xf5:
			s.left = 3
			if c == 0xf0 {
				s.lo = 0x90
			} else if c == 0xf4 { // beyond U+10FFFF
				s.hi = 0x8f
			}
		default:
			return false
		}
	}
	return true
}
