package wire

import (
	"encoding/binary"
	"errors"
	"math"
	"strings"
)

// Initial bytes of CBOR data items (RFC 8949, 3).
const (
	cborUint     = 0 << 5
	cborNegative = 1 << 5
	cborText     = 3 << 5
	cborArray    = 4 << 5
	cborMap      = 5 << 5
	cborFalse    = 0xf4
	cborTrue     = 0xf5
	cborNull     = 0xf6
	cborFloat64  = 0xfb
)

// AppendCBOR appends a message as one CBOR map: the names and values of the JSON
// object, but that all times are integers (milliseconds), values are float64, NaN
// and infinities among them, and a column without a sample is null.
func AppendCBOR(dst []byte, m Message) []byte {
	o := beginCBOR(dst)
	m.fields(&o)
	return o.end()
}

// ToCBOR returns a server's message, given as JSON, as CBOR.
func ToCBOR(message []byte) ([]byte, error) {
	m, err := Decode(message)
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, errors.New("message of a kind that this package does not know")
	}
	return AppendCBOR(make([]byte, 0, len(message)), m), nil
}

// AppendCBOR appends the request as one CBOR map and returns the extended buffer.
func (r *Request) AppendCBOR(dst []byte) []byte {
	o := beginCBOR(dst)
	r.fields(&o)
	return o.end()
}

// appendCBORHead appends the shortest head for an argument (RFC 8949, 4.2.1).
func appendCBORHead(dst []byte, major byte, n uint64) []byte {
	switch {
	case n < 24:
		return append(dst, major|byte(n))
	case n <= math.MaxUint8:
		return append(dst, major|24, byte(n))
	case n <= math.MaxUint16:
		return binary.BigEndian.AppendUint16(append(dst, major|25), uint16(n))
	case n <= math.MaxUint32:
		return binary.BigEndian.AppendUint32(append(dst, major|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(dst, major|27), n)
}

func appendCBORInt(dst []byte, v int64) []byte {
	if v < 0 {
		return appendCBORHead(dst, cborNegative, uint64(-1-v))
	}
	return appendCBORHead(dst, cborUint, uint64(v))
}

// appendCBORText appends s; what is not UTF-8 becomes U+FFFD.
func appendCBORText(dst []byte, s string) []byte {
	s = strings.ToValidUTF8(s, "\ufffd")
	return append(appendCBORHead(dst, cborText, uint64(len(s))), s...)
}

// appendCBORFloat appends eight bytes of float, or null for [None]. There is one
// NaN on the wire.
func appendCBORFloat(dst []byte, v float64) []byte {
	switch {
	case IsNone(v):
		return append(dst, cborNull)
	case math.IsNaN(v):
		v = math.NaN()
	}
	return binary.BigEndian.AppendUint64(append(dst, cborFloat64), math.Float64bits(v))
}
