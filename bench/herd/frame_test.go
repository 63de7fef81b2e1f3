package main

import (
	"bytes"
	"fmt"
	"testing"
)

// told records what a parser completed.
type told struct{ events []string }

func (t *told) message(begin []byte, size uint64) {
	t.events = append(t.events, fmt.Sprintf("message %d %s", size, begin))
}

func (t *told) controlFrame(op byte, body []byte) bool {
	t.events = append(t.events, fmt.Sprintf("control %d %s", op, body))
	return op != opClose
}

func serverFrame(first byte, payload string) []byte {
	f := []byte{first}
	if len(payload) < 126 {
		f = append(f, byte(len(payload)))
	} else {
		f = append(f, 126, byte(len(payload)>>8), byte(len(payload)))
	}
	return append(f, payload...)
}

func TestParserIsIndependentOfTheSplit(t *testing.T) {
	long := string(bytes.Repeat([]byte("y"), 300))
	var stream []byte
	for _, f := range [][]byte{
		serverFrame(0x81, "one"),
		serverFrame(0x01, "fi"),
		serverFrame(0x89, "ping"),
		serverFrame(0x80, "rst"),
		serverFrame(0x81, ""),
		serverFrame(0x82, long),
		append([]byte{0x81, 127, 0, 0, 0, 0, 0, 0, 0, 2}, "hi"...),
		serverFrame(0x88, "\x03\xe8"),
	} {
		stream = append(stream, f...)
	}
	want := fmt.Sprint([]string{
		"message 3 one", "control 9 ping", "message 5 first", "message 0 ", "message 300 " + long[:keep], "message 2 hi", "control 8 \x03\xe8",
	})
	for size := 1; size <= len(stream); size++ {
		var p parser
		var got told
		for rest := stream; len(rest) > 0; {
			n := min(size, len(rest))
			ok := p.feed(rest[:n], &got)
			rest = rest[n:]
			if !ok && len(rest) > 0 {
				t.Fatalf("pieces of %d: gave up with %d bytes left", size, len(rest))
			}
		}
		if fmt.Sprint(got.events) != want {
			t.Fatalf("pieces of %d:\n got %q\nwant %q", size, got.events, want)
		}
	}
}

func TestParserRefuses(t *testing.T) {
	for name, b := range map[string][]byte{
		"a masked frame":               {0x81, 0x80, 0, 0, 0, 0},
		"a reserved bit":               {0xC1, 0x00},
		"a control frame too long":     {0x89, 126, 0, 200},
		"a control frame far too long": {0x89, 127, 255, 255, 255, 255, 255, 255, 255, 255},
	} {
		var p parser
		if p.feed(b, &told{}) {
			t.Errorf("%s was taken", name)
		}
	}
}

func FuzzParser(f *testing.F) {
	f.Add(serverFrame(0x81, "one"), 1)
	f.Add(serverFrame(0x89, "ping"), 3)
	f.Add([]byte{0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255, 1}, 2)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		if size < 1 {
			size = 1
		}
		var whole, pieces told
		var p, q parser
		okWhole := p.feed(b, &whole)
		okPieces := true
		for rest := b; len(rest) > 0 && okPieces; {
			n := min(size, len(rest))
			okPieces = q.feed(rest[:n], &pieces)
			rest = rest[n:]
		}
		if okWhole != okPieces || fmt.Sprint(whole.events) != fmt.Sprint(pieces.events) {
			t.Fatalf("whole %v %q, in pieces %v %q", okWhole, whole.events, okPieces, pieces.events)
		}
	})
}
