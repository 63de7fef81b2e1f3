package journal

import (
	"encoding/binary"
	"hash/crc32"
)

// header opens a segment. It stands there twice, 4096 bytes apart, so that one
// bad sector does not take the segment with it.
type header struct {
	epoch   uint64
	number  uint64 // of the segment; its file's name says the same
	first   uint64 // the next event's number when the segment was begun
	prev    uint64 // the segment whose records go before this one's; those between are void
	prevEnd int64  // where the acknowledged part of prev ends
	t       int64  // time of the first record in it
}

const (
	magic     = 0x314c4e524a4e4f4d // "MONJRNL1"
	headerLen = 64
	copyAt    = 4096
	dataStart = copyAt + headerLen
)

func (h header) place() place { return place{epoch: h.epoch, number: h.number} }

// block is the head of the segment's file, up to dataStart.
func (h header) block() []byte {
	b := make([]byte, dataStart)
	for i, v := range []uint64{magic, h.epoch, h.number, h.first, h.prev, uint64(h.prevEnd), uint64(h.t)} {
		binary.LittleEndian.PutUint64(b[i*8:], v)
	}
	binary.LittleEndian.PutUint32(b[56:], crc32.Checksum(b[:56], castagnoli))
	copy(b[copyAt:], b[:headerLen])
	return b
}

// parseHeader reads one copy.
func parseHeader(b []byte) (header, bool) {
	if len(b) < headerLen || binary.LittleEndian.Uint64(b) != magic ||
		crc32.Checksum(b[:56], castagnoli) != binary.LittleEndian.Uint32(b[56:]) {
		return header{}, false
	}
	u := func(i int) uint64 { return binary.LittleEndian.Uint64(b[i*8:]) }
	return header{epoch: u(1), number: u(2), first: u(3), prev: u(4), prevEnd: int64(u(5)), t: int64(u(6))}, true
}
