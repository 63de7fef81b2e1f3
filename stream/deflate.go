package stream

import (
	"bytes"
	"compress/flate"
	"sync"

	"github.com/gobwas/ws"
)

const (
	rsv1 = 0x40

	// minDeflated is the shortest payload that is compressed. What saves less
	// than a packet's overhead is not worth inflating on the other side.
	minDeflated = 256

	// deflateLevel is the fastest. JSON of samples shrinks to about a ninth with
	// it; higher levels take several times as long for a tenth less.
	deflateLevel = 1
)

// flushMark ends every flushed piece of deflate and is left out on the wire (RFC
// 7692, 7.2.1).
var flushMark = []byte{0, 0, 0xff, 0xff}

// A deflater compresses one message at a time. One takes 1.2 MB, so they are
// pooled: there are as many as processors, about, and never more than goroutines
// that compress (shards and workers). The garbage collector takes those that are
// not used.
type deflater struct {
	out bytes.Buffer
	w   *flate.Writer
}

var deflaters = sync.Pool{New: func() any {
	d := new(deflater)
	d.w, _ = flate.NewWriter(&d.out, deflateLevel) // fails for another level only
	return d
}}

// maxBuffer is how much memory a pooled buffer may keep for the next message.
const maxBuffer = 1 << 20

// appendDeflated appends a message like [appendMessage], compressed if that makes
// it shorter. No context of another message is used.
func appendDeflated(b []byte, text bool, payload []byte) []byte {
	if len(payload) < minDeflated {
		return appendMessage(b, text, payload)
	}
	d := deflaters.Get().(*deflater)
	defer func() {
		if d.out.Cap() > maxBuffer {
			d.out = bytes.Buffer{}
		}
		deflaters.Put(d)
	}()
	d.out.Reset()
	d.w.Reset(&d.out)
	d.w.Write(payload) // a buffer takes everything
	d.w.Flush()
	short := bytes.TrimSuffix(d.out.Bytes(), flushMark)
	if len(short) >= len(payload) {
		return appendMessage(b, text, payload)
	}
	at := len(b)
	op := ws.OpBinary
	if text {
		op = ws.OpText
	}
	b = appendFrame(b, op, short)
	b[at] |= rsv1
	return b
}
