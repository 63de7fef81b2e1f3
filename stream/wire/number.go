package wire

import (
	"fmt"
	"math"
	"strconv"
)

// noneBits is a signalling NaN that no calculation yields; Prometheus uses the
// same bits to say that a series has ended.
const noneBits uint64 = 0x7ff0000000000002

// None is the value of a column without a sample: null on the wire. It is a NaN;
// compare with [IsNone].
func None() float64 { return math.Float64frombits(noneBits) }

// IsNone tells None from every other value, ordinary NaNs included.
func IsNone(v float64) bool { return math.Float64bits(v) == noneBits }

// maxExact is the range in which every whole float64 prints as the same integer.
const maxExact = 1 << 53

// AppendFloat appends v as JSON: the shortest number that reads back as the very
// same bits, "NaN", "+Inf" or "-Inf" as strings, null for [None].
func AppendFloat(dst []byte, v float64) []byte {
	if i := int64(v); float64(i) == v && i > -maxExact && i < maxExact && (i != 0 || !math.Signbit(v)) {
		return strconv.AppendInt(dst, i, 10) // counters and bytes, most of a host's samples
	}
	switch {
	case math.IsNaN(v):
		if IsNone(v) {
			return append(dst, "null"...)
		}
		return append(dst, `"NaN"`...)
	case math.IsInf(v, 1):
		return append(dst, `"+Inf"`...)
	case math.IsInf(v, -1):
		return append(dst, `"-Inf"`...)
	}
	format := byte('f')
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, 64)
}

// parseFloat reads what AppendFloat wrote, without surrounding space.
func parseFloat(b []byte) (float64, error) {
	switch string(b) {
	case "null":
		return None(), nil
	case `"NaN"`:
		return math.NaN(), nil
	case `"+Inf"`:
		return math.Inf(1), nil
	case `"-Inf"`:
		return math.Inf(-1), nil
	}
	if len(b) == 0 || (b[0] != '-' && (b[0] < '0' || b[0] > '9')) {
		return 0, fmt.Errorf("%.20q is not a value", b)
	}
	v, err := strconv.ParseFloat(string(b), 64)
	if err != nil {
		return 0, fmt.Errorf("%.20q is not a value", b)
	}
	return v, nil
}
