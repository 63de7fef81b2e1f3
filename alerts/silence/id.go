package silence

import (
	"crypto/rand"
	"crypto/sha1"
	"fmt"
)

// newID returns a random UUID (RFC 9562, version 4).
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return uuid(b, 4)
}

// namedID returns the UUID (version 5) of a silence that the configuration
// names, the same at every start.
func namedID(name string) string {
	// The namespace is a random UUID of version 4, made once.
	space := [16]byte{0x5d, 0x0e, 0x3c, 0x5a, 0x9b, 0x1f, 0x4b, 0x57, 0x9c, 0x0a, 0x61, 0x0f, 0x2a, 0x8b, 0x7e, 0x44}
	sum := sha1.Sum(append(space[:], name...))
	return uuid([16]byte(sum[:16]), 5)
}

func uuid(b [16]byte, version byte) string {
	b[6] = b[6]&0x0f | version<<4
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
