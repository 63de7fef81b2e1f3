package stream

import (
	"bytes"
	"compress/flate"
	"io"
	"sync"
	"unicode/utf8"
)

const (
	// maxFinals is how many blocks of one message may be marked as the last. Each
	// begins the decompressor anew, which costs more than the two bytes that such
	// a block takes on the wire.
	maxFinals = 64

	deflateWindow = 32 << 10
)

// inflateTail is what the sender has left out (RFC 7692, 7.2.2), and an empty
// last block, at which the decompressor stops.
var inflateTail = []byte{0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff}

// deflatedLimit is how long a compressed message may be that inflates to at most
// n bytes. What does not shrink grows: compressors with little memory store it in
// small blocks with five bytes each, and a fixed code needs nine bits for eight.
func deflatedLimit(n int64) int64 { return n + n>>3 + 64 }

type inflater struct {
	in  bytes.Reader
	r   io.ReadCloser // of flate, and a flate.Resetter
	buf [4 << 10]byte
}

var inflaters = sync.Pool{New: func() any {
	i := new(inflater)
	i.r = flate.NewReader(&i.in)
	return i
}}

// inflate returns what a compressed message says: at most limit bytes, for which
// no more memory is taken than there are, about.
func inflate(payload []byte, text bool, limit int64) ([]byte, *fault) {
	if len(payload) == 0 {
		return payload, nil // not even the byte that it should have (RFC 7692, 7.2.3.6), but clear enough
	}
	i := inflaters.Get().(*inflater)
	defer func() {
		i.in.Reset(nil)
		inflaters.Put(i)
	}()
	out, f := i.inflate(append(payload, inflateTail...), limit)
	if f == nil && text && !utf8.Valid(out) {
		return nil, &fault{1007, "text that is not UTF-8"}
	}
	return out, f
}

func (i *inflater) inflate(in []byte, limit int64) (out []byte, f *fault) {
	i.in.Reset(in)
	reset := i.r.(flate.Resetter)
	for range maxFinals {
		window := out[max(0, len(out)-deflateWindow):]
		reset.Reset(&i.in, window) // never fails
		for {
			n, err := i.r.Read(i.buf[:])
			if int64(len(out)+n) > limit {
				return nil, &fault{1009, "message too big when inflated"}
			}
			out = append(out, i.buf[:n]...)
			if err == io.EOF {
				break
			}
			if err != nil {
				return nil, &fault{1007, "compressed data that is not deflate"}
			}
		}
		switch i.in.Len() {
		case 0, len(inflateTail): // the sender ended with a last block of its own
			return out, nil
		}
		// A block that was marked as the last need not be (RFC 7692, 7.2.1); the
		// next one begins at the next byte and may refer to what came before.
	}
	return nil, &fault{1008, "too many last blocks in one message"}
}
