package feed

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"

	"monitord/stream/wire"
)

// A cursor is the end of a tick: everything of every topic up to there has been
// sent to whoever has it. It is a plain value, the same for all who are there, and
// means the same to every feed of the same data.
type cursor struct {
	t      int64 // the newest tick that is whole; 0: none yet
	seq    uint64
	epoch  string // of the journal that seq is of
	run    uint32 // the feed that gave it out, for which alone these count:
	offset int64  // of positions against times, then
	extra  int64  // how far what has no number has got after seq
}

// position returns up to where a topic of samples or a query has been sent. stepped
// says that the wall clock has been stepped back since, and the daemon started
// anew: what came then is not to be told apart from what was before.
func (k *cursor) position(run uint32, c clock) (pos int64, stepped bool) {
	switch {
	case k.run == run && k.offset <= c.offset:
		return k.t + k.offset, false
	case k.t > c.last:
		return c.position(c.last), c.last > 0
	}
	return c.position(k.t), false
}

const (
	cursorVersion = 1
	maxCursorTime = 1 << 48 // milliseconds
	maxCursorSeq  = 1 << (63 - positionBits - 1)
)

// String returns the cursor as clients have it: letters, digits, - and _.
func (k *cursor) String() string {
	b := make([]byte, 0, 64)
	b = append(b, cursorVersion)
	b = binary.BigEndian.AppendUint32(b, k.run)
	for _, n := range []uint64{uint64(k.t), uint64(k.offset), k.seq, uint64(k.extra)} {
		b = binary.AppendUvarint(b, n)
	}
	b = append(b, k.epoch...)
	b = binary.BigEndian.AppendUint16(b, uint16(crc32.ChecksumIEEE(b)))
	return base64.RawURLEncoding.EncodeToString(b)
}

var errCursor = errors.New("the cursor is not one that this daemon gave out: begin without it")

// parseCursor reads what String wrote, and nothing else.
func parseCursor(s string) (*cursor, error) {
	if len(s) > wire.MaxCursor {
		return nil, errCursor
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < 7 || b[0] != cursorVersion {
		return nil, errCursor
	}
	body, sum := b[:len(b)-2], binary.BigEndian.Uint16(b[len(b)-2:])
	if uint16(crc32.ChecksumIEEE(body)) != sum {
		return nil, errCursor
	}
	k := &cursor{run: binary.BigEndian.Uint32(body[1:])}
	rest := body[5:]
	var numbers [4]uint64
	for i, limit := range []uint64{maxCursorTime, maxCursorTime, maxCursorSeq, 1 << positionBits} {
		v, n := binary.Uvarint(rest)
		if n <= 0 || v >= limit {
			return nil, errCursor
		}
		numbers[i], rest = v, rest[n:]
	}
	k.t, k.offset, k.seq, k.extra = int64(numbers[0]), int64(numbers[1]), numbers[2], int64(numbers[3])
	if len(rest) > 64 {
		return nil, errCursor
	}
	k.epoch = string(rest)
	return k, nil
}
