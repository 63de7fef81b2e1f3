package stream

import (
	"io"

	"github.com/gobwas/ws"
)

// A talk lets gobwas' upgrader read a request that is complete in memory, and
// write its answer there. Each shard has one.
type talk struct {
	in, out  []byte
	protocol string // the one to agree on; empty: none
	upgrader ws.Upgrader
}

func (t *talk) init() {
	t.upgrader = ws.Upgrader{
		ReadBufferSize:  512,
		WriteBufferSize: 512,
		Protocol:        func(p []byte) bool { return t.protocol != "" && string(p) == t.protocol },
	}
}

func (t *talk) Read(b []byte) (int, error) {
	if len(t.in) == 0 {
		return 0, io.EOF
	}
	n := copy(b, t.in)
	t.in = t.in[n:]
	return n, nil
}

func (t *talk) Write(b []byte) (int, error) {
	t.out = append(t.out, b...)
	return len(b), nil
}
