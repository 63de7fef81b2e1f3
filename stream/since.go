package stream

import "encoding/binary"

// Since returns the entries after a position that are in the ring, oldest first:
// all there are if base, the position from which on the ring is complete, is not
// beyond it. They are to be read only.
func (t *Topic) Since(after int64) (found []Entry, base int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, e := range t.ring.entries {
		if e.pos <= after {
			continue
		}
		en := Entry{Pos: e.pos, Messages: unframe(e.frame.plain, int(e.messages))}
		if e.preamble != nil {
			en.Preamble = unframe(e.preamble.plain, 1)[0]
		}
		found = append(found, en)
	}
	return found, t.ring.base
}

// unframe returns the payloads of so many plain frames.
func unframe(frames []byte, n int) [][]byte {
	messages := make([][]byte, 0, n)
	for len(frames) > 0 {
		head, n := plainHead(frames)
		messages = append(messages, frames[head:head+n:head+n])
		frames = frames[head+n:]
	}
	return messages
}

// plainHead returns the lengths of the header and of the payload of an unmasked
// frame of the engine's own.
func plainHead(frame []byte) (head, payload int) {
	switch n := int(frame[1]); n {
	case 126:
		return 4, int(binary.BigEndian.Uint16(frame[2:]))
	case 127:
		return maxHeader, int(binary.BigEndian.Uint64(frame[2:]))
	default:
		return 2, n
	}
}
