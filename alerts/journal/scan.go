package journal

import (
	"encoding/binary"
	"errors"
	"io"
	"syscall"
)

// window reads pieces of a file through a buffer, for a scan that moves forward.
// The zero value reads nothing; set r.
type window struct {
	r   io.ReaderAt
	all int64 // how much there is to read at most, for a buffer that is no larger; 0: nobody knows
	buf []byte
	off int64
	n   int

	bad span // the pages that could not be read: from the first to the last
}

// A span is a stretch of a file. The zero value is none.
type span struct{ from, to int64 }

const windowSize = 64 << 10

// at returns the n bytes at off, fewer at the end of the file. They hold until the next call.
func (w *window) at(off int64, n int) ([]byte, error) {
	if off >= w.off && off+int64(n) <= w.off+int64(w.n) {
		i := int(off - w.off)
		return w.buf[i : i+n], nil
	}
	ahead := windowSize
	if w.all > 0 {
		ahead = int(min(w.all, windowSize))
	}
	if want := max(n, ahead); len(w.buf) < want {
		w.buf = make([]byte, want)
	}
	m, err := w.r.ReadAt(w.buf, off)
	if errors.Is(err, syscall.EIO) {
		m, err = w.readPages(off)
	}
	w.off, w.n = off, m
	if err != nil && !errors.Is(err, io.EOF) {
		w.n = 0
		return nil, err
	}
	return w.buf[:min(n, m)], nil
}

// readPages fills the window a page at a time: a page that the disk cannot read
// counts as zeros, that is, as damage to the records in it and to no others.
func (w *window) readPages(off int64) (int, error) {
	const page = 4096
	m := 0
	for m < len(w.buf) {
		b := w.buf[m:min(m+page-int((off+int64(m))%page), len(w.buf))]
		n, err := w.r.ReadAt(b, off+int64(m))
		if errors.Is(err, syscall.EIO) {
			clear(b)
			n, err = len(b), nil
			if w.bad.to == 0 {
				w.bad.from = off + int64(m)
			}
			w.bad.to = max(w.bad.to, off+int64(m+n))
		}
		m += n
		if err != nil {
			return m, err
		}
	}
	return m, nil
}

// scanner goes through the records of a segment, from a record's beginning on.
// What it cannot read it steps over. Not safe for concurrent use.
type scanner struct {
	place
	w    window
	off  int64 // behind the last record found
	stop int64 // no record begins at or after it
	seq  uint64

	damaged int // stretches between records that hold no record
}

func newScanner(r io.ReaderAt, p place, from, to int64) *scanner {
	return &scanner{place: p, w: window{r: r, all: to - from}, off: from, stop: to}
}

// next returns the next record; its Data holds until the call after. ok is
// false at the end. An error is one of reading the file, not of what is in it.
func (s *scanner) next() (rec stored, ok bool, err error) {
	for off := s.off; off+minRecord <= s.stop; off += align {
		head, err := s.w.at(off, headLen)
		if err != nil {
			return stored{}, false, err
		}
		if len(head) < headLen {
			break
		}
		if head[0] == 0 {
			off = s.skipZeros(off)
			continue
		}
		n, ok := length(head)
		if !ok || off+headLen+int64(n) > s.stop {
			continue
		}
		b, err := s.w.at(off, headLen+n)
		if err != nil {
			return stored{}, false, err
		}
		rec, ok := s.decode(b, off)
		if !ok || rec.Seq < s.seq || (rec.Kind == Event && rec.Seq == s.seq) {
			continue
		}
		if off != s.off {
			s.damaged++
		}
		s.off, s.seq = off+rec.size, rec.Seq
		return rec, true, nil
	}
	return stored{}, false, nil
}

// skipZeros returns the last aligned offset of the run of zeros at off, as far as the window reaches.
func (s *scanner) skipZeros(off int64) int64 {
	b := s.w.buf[off-s.w.off : s.w.n]
	i := 0
	for i+2*align <= len(b) && binary.LittleEndian.Uint64(b[i+align:]) == 0 {
		i += align
	}
	return off + int64(i)
}

// tail describes what stands behind the last record of a segment.
type tail struct {
	end  int64  // behind the last byte that is not zero
	used uint64 // the highest number that a record written to its end bears there; 0 for none
	bad  span   // what of it could not be read
}

// readTail looks at what stands from off on. Numbers are believed up to what
// the space can hold behind the number last.
func readTail(r io.ReaderAt, off, size int64, last uint64) (tail, error) {
	t := tail{end: off}
	w := window{r: r, all: size - off}
	for ; off < size; off += align {
		b, err := w.at(off, align)
		if err != nil {
			return tail{}, err
		}
		for i, c := range b {
			if c != 0 {
				t.end = off + int64(i) + 1
			}
		}
		if len(b) < align {
			break
		}
		if binary.LittleEndian.Uint32(b) != endMark {
			continue
		}
		low := binary.LittleEndian.Uint32(b[4:])
		ahead := uint64(low - uint32(last))
		if ahead <= uint64(size/minRecord) && last+ahead > t.used {
			t.used = last + ahead
		}
	}
	t.bad = w.bad
	return t, nil
}
