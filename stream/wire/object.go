package wire

import (
	"strconv"
	"time"
)

// An object appends the members of one JSON object, or of one CBOR map (RFC
// 8949), in the order of the calls: what a message says is written down once and
// holds for both.
type object struct {
	b    []byte
	cbor bool
	head int // where the CBOR map under way begins, whose length is counted there
}

// usual is room for most messages, so that they are not made by doubling.
const usual = 192

func beginJSON(dst []byte) object {
	if dst == nil {
		dst = make([]byte, 0, usual)
	}
	return object{b: append(dst, '{')}
}

func beginCBOR(dst []byte) object {
	return object{b: append(dst, cborMap), cbor: true, head: len(dst)}
}

func (o *object) end() []byte {
	if o.cbor {
		return o.b
	}
	return append(o.b, '}')
}

// open begins a member that is an object itself; close ends it and is given what
// open returned. No object has more members than fit into the first byte of a map.
func (o *object) open(name string) (outer int) {
	o.key(name)
	outer = o.head
	if o.cbor {
		o.head = len(o.b)
		o.b = append(o.b, cborMap)
	} else {
		o.b = append(o.b, '{')
	}
	return outer
}

func (o *object) close(outer int) {
	o.head = outer
	if !o.cbor {
		o.b = append(o.b, '}')
	}
}

func (o *object) key(name string) {
	if o.cbor {
		o.b[o.head]++
		o.b = appendCBORText(o.b, name)
		return
	}
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *object) str(name, v string) { o.key(name); o.text(v) }

func (o *object) text(v string) {
	if o.cbor {
		o.b = appendCBORText(o.b, v)
	} else {
		o.b = appendString(o.b, v)
	}
}

func (o *object) int(name string, v int64) {
	o.key(name)
	if o.cbor {
		o.b = appendCBORInt(o.b, v)
	} else {
		o.b = strconv.AppendInt(o.b, v, 10)
	}
}

func (o *object) uint(name string, v uint64) { o.key(name); o.number(v) }

func (o *object) number(v uint64) {
	if o.cbor {
		o.b = appendCBORHead(o.b, cborUint, v)
	} else {
		o.b = strconv.AppendUint(o.b, v, 10)
	}
}

func (o *object) bool(name string, v bool) {
	o.key(name)
	switch {
	case !o.cbor:
		o.b = strconv.AppendBool(o.b, v)
	case v:
		o.b = append(o.b, cborTrue)
	default:
		o.b = append(o.b, cborFalse)
	}
}

// time is a text as RFC 3339 has it in JSON, and milliseconds in CBOR.
func (o *object) time(name string, v time.Time) {
	o.key(name)
	if o.cbor {
		o.b = appendCBORInt(o.b, v.UnixMilli())
		return
	}
	o.b = append(o.b, '"')
	o.b = v.UTC().AppendFormat(o.b, time.RFC3339Nano)
	o.b = append(o.b, '"')
}

func (o *object) float(name string, v float64) {
	o.key(name)
	if o.cbor {
		o.b = appendCBORFloat(o.b, v)
	} else {
		o.b = AppendFloat(o.b, v)
	}
}

func (o *object) values(name string, vs []float64) {
	o.key(name)
	if o.cbor {
		o.b = appendCBORHead(o.b, cborArray, uint64(len(vs)))
		for _, v := range vs {
			o.b = appendCBORFloat(o.b, v)
		}
		return
	}
	o.b = append(o.b, '[')
	for i, v := range vs {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = AppendFloat(o.b, v)
	}
	o.b = append(o.b, ']')
}

// list appends n elements, each with a call of element.
func (o *object) list(name string, n int, element func(i int)) {
	o.key(name)
	if o.cbor {
		o.b = appendCBORHead(o.b, cborArray, uint64(n))
		for i := range n {
			element(i)
		}
		return
	}
	o.b = append(o.b, '[')
	for i := range n {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		element(i)
	}
	o.b = append(o.b, ']')
}

// sample is the array of a time and a value.
func (o *object) sample(s Sample) {
	if o.cbor {
		o.b = appendCBORInt(appendCBORHead(o.b, cborArray, 2), s.T)
		o.b = appendCBORFloat(o.b, s.V)
		return
	}
	o.b = strconv.AppendInt(append(o.b, '['), s.T, 10)
	o.b = append(AppendFloat(append(o.b, ','), s.V), ']')
}

func (o *object) labels(ls Labels) {
	if !o.cbor {
		o.b = ls.appendJSON(o.b)
		return
	}
	o.b = appendCBORHead(o.b, cborMap, uint64(len(ls)))
	for _, l := range ls {
		o.b = appendCBORText(o.b, l.Name)
		o.b = appendCBORText(o.b, l.Value)
	}
}
