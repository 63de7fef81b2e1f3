package stream

import (
	"bytes"
	"crypto/tls"
	"reflect"
	"unsafe"
)

// crypto/tls keeps the buffers into which it has read a handshake for as long as
// the connection lives: 3.4 kB of the 6.7 that one has with TLS 1.3, where a
// ClientHello brings a key of ML-KEM, and as much as the longest record later. It
// has no way to give them back, so they are looked up by name and type. Where
// they are not found they stay.
var spentBuffers = func() (offsets []uintptr) {
	t := reflect.TypeFor[tls.Conn]()
	for _, name := range []string{"rawInput", "hand"} {
		if f, ok := t.FieldByName(name); ok && f.Type == reflect.TypeFor[bytes.Buffer]() {
			offsets = append(offsets, f.Offset)
		}
	}
	return offsets
}()

// spentSize is how large a buffer may be and stay: a pong needs that much again.
const spentSize = 1 << 10

// forgetSpent lets go of large buffers in which nothing is left. Only who may read
// from the connection may call it.
func forgetSpent(c *tls.Conn) {
	for _, at := range spentBuffers {
		if b := (*bytes.Buffer)(unsafe.Add(unsafe.Pointer(c), at)); b.Len() == 0 && b.Cap() > spentSize {
			*b = bytes.Buffer{}
		}
	}
}
