package stream

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// verdict is what a server with this parser would answer to the chunks.
func verdict(l limits, chunks ...[]byte) string {
	p := new(parser)
	var out []string
	for _, b := range chunks {
		b = bytes.Clone(b)
		for len(b) > 0 {
			n, g, f := p.feed(b, &l)
			b = b[n:]
			if f != nil {
				return strings.Join(append(out, fmt.Sprintf("close:%d", f.code)), " ")
			}
			if g == gotNothing {
				break
			}
			packed := p.packed
			payload, text := p.take(g)
			if g == gotMessage && packed {
				if payload, f = inflate(payload, text, l.message); f != nil {
					return strings.Join(append(out, fmt.Sprintf("close:%d", f.code)), " ")
				}
			}
			switch g {
			case gotMessage:
				kind := "bin:"
				if text {
					kind = "text:"
				}
				out = append(out, kind+string(payload))
			case gotPing:
				out = append(out, "pong:"+string(payload))
			case gotClose:
				code := "close:"
				if len(payload) > 0 {
					code += fmt.Sprint(int(payload[0])<<8 | int(payload[1]))
				}
				return strings.Join(append(out, code), " ")
			}
		}
	}
	return strings.Join(out, " ")
}

func single(b []byte) [][]byte {
	chunks := make([][]byte, len(b))
	for i := range b {
		chunks[i] = b[i : i+1]
	}
	return chunks
}

func split(b []byte, r *rand.Rand) (chunks [][]byte) {
	for len(b) > 0 {
		n := 1 + r.IntN(len(b))
		chunks = append(chunks, b[:n])
		b = b[n:]
	}
	return chunks
}

func TestParserVectors(t *testing.T) {
	vs := vectors()
	if len(vs) < 250 {
		t.Errorf("%d vectors", len(vs))
	}
	r := rand.New(rand.NewPCG(1, 2))
	l := newLimits(vectorLimit)
	for _, v := range vs {
		in := []byte(v.in)
		if got := verdict(l, in); got != v.want {
			t.Errorf("%s: got %.200q, want %.200q", v.name, got, v.want)
		}
		if got := verdict(l, single(in)...); got != v.want {
			t.Errorf("%s, byte by byte: got %.200q, want %.200q", v.name, got, v.want)
		}
		for range 10 {
			if got := verdict(l, split(in, r)...); got != v.want {
				t.Errorf("%s, split: got %.200q, want %.200q", v.name, got, v.want)
			}
		}
	}
}

// A parser holds what it was sent, not what was announced.
func TestParserAllocatesNothingAhead(t *testing.T) {
	l := newLimits(64 << 20)
	p := new(parser)
	if _, _, f := p.feed([]byte(head(0x82, 0xff, 0, 0, 0, 0, 4, 0, 0, 0)+"abc"), &l); f != nil {
		t.Fatal(f)
	}
	if c := cap(p.msg); c > 64 {
		t.Errorf("holds %d bytes for 3", c)
	}
}

func TestCipherAgainstTheRFC(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		b := make([]byte, r.IntN(200))
		mask := [4]byte{byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32()), byte(r.Uint32())}
		offset := r.IntN(50)
		want := make([]byte, len(b))
		for i := range b {
			b[i] = byte(r.Uint32())
			want[i] = b[i] ^ mask[(offset+i)%4]
		}
		ws.Cipher(b, mask, offset)
		if !bytes.Equal(b, want) {
			t.Fatalf("%d bytes from %d", len(b), offset)
		}
	}
}

func FuzzUTF8(f *testing.F) {
	for _, s := range []string{"", "κόσμε", "\xed\xa0\x80", "\xf4\x8f\xbf\xbf", "12345678\xe2\x82\xac"} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, b []byte, cut int) {
		if cut < 0 || cut > len(b) {
			cut = len(b) / 2
		}
		var s utf8State
		ok := s.check(b[:cut]) && s.check(b[cut:]) && s.whole()
		if ok != utf8.Valid(b) {
			t.Errorf("%q: %v", b, ok)
		}
		// Fail fast: accepted is exactly what can still be completed.
		var early utf8State
		for i := range b {
			tail := b[:i+1]
			for len(tail) > 0 {
				r, n := utf8.DecodeRune(tail)
				if r == utf8.RuneError && n == 1 {
					break
				}
				tail = tail[n:]
			}
			possible := !utf8.FullRune(tail) || len(tail) == 0
			if got := early.check(b[i : i+1]); got != possible {
				t.Fatalf("%q up to %d: %v", b, i, got)
			}
			if !possible {
				break
			}
		}
	})
}

// FuzzParser holds that the verdict does not depend on how the bytes are split,
// and that a parser never keeps more than it was given.
func FuzzParser(f *testing.F) {
	for i, v := range vectors() {
		if i%10 == 0 && len(v.in) < 600 { // all of them are tested elsewhere
			f.Add([]byte(v.in), uint64(7))
		}
	}
	for i, v := range deflateVectors() {
		if i%4 == 0 && len(v.in) < 600 {
			f.Add([]byte(v.in), uint64(8))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, seed uint64) {
		l := newLimits(1 << 10)
		l.deflate = seed%2 == 0
		whole := verdict(l, in)
		if got := verdict(l, single(in)...); got != whole {
			t.Errorf("byte by byte: %q, whole: %q", got, whole)
		}
		if got := verdict(l, split(in, rand.New(rand.NewPCG(seed, 1)))...); got != whole {
			t.Errorf("split: %q, whole: %q", got, whole)
		}
	})
}
