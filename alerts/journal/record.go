package journal

import (
	"encoding/binary"
	"hash/crc32"
)

// Kind says what a record is.
type Kind uint8

const (
	// Event takes the next number.
	Event Kind = 1
	// State takes no number; it is folded in order with the events.
	State Kind = 2
	// Snapshot is a part of a snapshot. Only Fold returns it, only the method
	// Snapshot writes it.
	Snapshot Kind = 3
	// mark reserves numbers that may have been given out before damage.
	mark Kind = 4
)

// Record is one entry. Its Data must not be changed after it was handed over or received.
type Record struct {
	Seq  uint64 // number of an event; of any other kind the last number before it. Set by Append.
	Kind Kind
	T    int64 // Unix milliseconds; what "old" is measured by
	Data []byte
}

// MaxRecord is the most bytes of Data that a record holds.
const MaxRecord = 1 << 20

// The layout of a record, little endian, at a multiple of 8 in the segment:
//
//	0   4  beginMark
//	4   4  length of data
//	8   4  CRC32C of epoch, segment number, offset, bytes 4–8 and 12–32, data
//	12  1  kind
//	13  1  flags: 1 = last part of a snapshot
//	14  2  part of a snapshot, from 0
//	16  8  seq
//	24  8  t
//	32  n  data, then zeros up to a multiple of 8
//	    4  endMark
//	    4  low half of seq
//
// Epoch, segment and offset in the checksum make a record valid in one place
// only, so nothing left over or moved is taken for a record. The trailer is no
// part of what makes a record valid: it tells one that was written to its end
// and damaged later from one that never got its end.
// Neither mark occurs in UTF-8 text.
const (
	beginMark = 0x316a6df7 // F7 'm' 'j' '1'
	endMark   = 0x65316af5 // F5 'j' '1' 'e'
	headLen   = 32
	trailLen  = 8
	minRecord = headLen + trailLen
	align     = 8
	flagLast  = 1
	maxParts  = 1 << 16
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// place is where a record stands; its checksum covers it.
type place struct {
	epoch  uint64
	number uint64
}

// stored is a record as it stands in a segment.
type stored struct {
	Record
	seg  uint64
	off  int64
	size int64
	part uint16
	last bool
}

// sizeOf is what a record with n bytes of data takes in a segment.
func sizeOf(n int) int64 {
	return int64(headLen+(n+align-1)/align*align) + trailLen
}

// encode appends r, which will stand at offset r.off, to buf.
func (p place) encode(buf []byte, r stored) []byte {
	start := len(buf)
	var head [headLen]byte
	binary.LittleEndian.PutUint32(head[0:], beginMark)
	binary.LittleEndian.PutUint32(head[4:], uint32(len(r.Data)))
	head[12] = byte(r.Kind)
	if r.last {
		head[13] = flagLast
	}
	binary.LittleEndian.PutUint16(head[14:], r.part)
	binary.LittleEndian.PutUint64(head[16:], r.Seq)
	binary.LittleEndian.PutUint64(head[24:], uint64(r.T))
	binary.LittleEndian.PutUint32(head[8:], p.sum(head[:], r.Data, r.off))
	buf = append(buf, head[:]...)
	buf = append(buf, r.Data...)
	for (len(buf)-start)%align != 0 {
		buf = append(buf, 0)
	}
	buf = binary.LittleEndian.AppendUint32(buf, endMark)
	return binary.LittleEndian.AppendUint32(buf, uint32(r.Seq))
}

// sum is the checksum of a record whose head and data are given.
func (p place) sum(head, data []byte, off int64) uint32 {
	var salt [24]byte
	binary.LittleEndian.PutUint64(salt[0:], p.epoch)
	binary.LittleEndian.PutUint64(salt[8:], p.number)
	binary.LittleEndian.PutUint64(salt[16:], uint64(off))
	c := crc32.Update(0, castagnoli, salt[:])
	c = crc32.Update(c, castagnoli, head[4:8])
	c = crc32.Update(c, castagnoli, head[12:headLen])
	return crc32.Update(c, castagnoli, data)
}

// length is the data length that a head claims, and whether it begins a record at all.
func length(head []byte) (int, bool) {
	if len(head) < headLen || binary.LittleEndian.Uint32(head) != beginMark {
		return 0, false
	}
	n := binary.LittleEndian.Uint32(head[4:])
	return int(n), n <= MaxRecord
}

// decode reads the record whose head and data are the first bytes of b. The
// Data it returns is b's.
func (p place) decode(b []byte, off int64) (stored, bool) {
	n, ok := length(b)
	if !ok || len(b) < headLen+n {
		return stored{}, false
	}
	data := b[headLen : headLen+n : headLen+n]
	if p.sum(b[:headLen], data, off) != binary.LittleEndian.Uint32(b[8:]) {
		return stored{}, false
	}
	r := stored{
		Record: Record{
			Seq:  binary.LittleEndian.Uint64(b[16:]),
			Kind: Kind(b[12]),
			T:    int64(binary.LittleEndian.Uint64(b[24:])),
			Data: data,
		},
		seg:  p.number,
		off:  off,
		size: sizeOf(n),
		part: binary.LittleEndian.Uint16(b[14:]),
		last: b[13]&flagLast != 0,
	}
	return r, r.Kind >= Event && r.Kind <= mark
}
