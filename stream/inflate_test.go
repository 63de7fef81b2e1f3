package stream

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// packed compresses as a client would, at the highest level.
func packed(s string) string {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression)
	io.WriteString(w, s)
	w.Flush()
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// unpacked does what a client must do with a message from a server that takes
// over no context.
func unpacked(b []byte) string {
	r := flate.NewReader(io.MultiReader(bytes.NewReader(b), strings.NewReader("\x00\x00\xff\xff")))
	out, err := io.ReadAll(r)
	if err != io.ErrUnexpectedEOF { // no block says that it is the last
		return "bad deflate"
	}
	return string(out)
}

// helloVectors are the examples of RFC 7692, 7.2.3, that need no context of
// another message, each as the payload of a message, and variations of them.
var helloVectors = []struct{ name, in, want string }{
	{"7.2.3.1 one block", "\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello"},
	{"7.2.3.2 without a shared window", "\xf2\x48\xcd\xc9\xc9\x07\x00", "Hello"},
	{"7.2.3.3 no compression", "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", "Hello"},
	{"7.2.3.4 last block", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "Hello"},
	{"7.2.3.5 two blocks", "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "Hello"},
	{"7.2.3.6 empty", "\x00", ""},
	{"nothing at all", "", ""},
	{"a last block and no more", "\xf3\x48\xcd\xc9\xc9\x07\x00", "Hello"},
	{"empty last block and no more", "\x03\x00", ""},
	{"two last blocks", "\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "HelloHello"},
	{"a last block, then one that refers to it", "\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00", "HelloHello"},
}

func TestInflate(t *testing.T) {
	for _, v := range helloVectors {
		got, f := inflate([]byte(v.in), true, 10)
		if f != nil || string(got) != v.want {
			t.Errorf("%s: %q, %v", v.name, got, f)
		}
	}
	long := strings.Repeat("0123456789abcdef", 1<<12) // 64 KiB
	for _, v := range []struct {
		name, in string
		text     bool
		limit    int64
		code     uint16
	}{
		{"just fits", packed(long), true, 64 << 10, 0},
		{"one too many", packed(long), true, 64<<10 - 1, 1009},
		{"a bomb", packed(strings.Repeat("\x00", 4<<20)), false, 64 << 10, 1009},
		{"block of an unknown type", "\x06", true, 100, 1007},
		{"distance before the beginning", "\xf2\x00\x11\x00\x00", true, 100, 1007},
		{"lengths that contradict", "\x00\x05\x00\xfa\xfe\x48\x65\x6c\x6c\x6f\x00", true, 100, 1007},
		{"cut short", "\x00\x05\x00\xfa\xff\x48", true, 100, 1007},
		{"text that is none", packed("\xff"), true, 100, 1007},
		{"the same as binary", packed("\xff"), false, 100, 0},
		{"last blocks for ever", strings.Repeat("\x03\x00", 1000), true, 100, 1008},
	} {
		got, f := inflate([]byte(v.in), v.text, v.limit)
		if f == nil {
			f = &fault{}
		}
		if f.code != v.code || v.code != 0 && got != nil {
			t.Errorf("%s: %d (%s), %d bytes", v.name, f.code, f.reason, len(got))
		}
	}
}

// A message that does not inflate takes little more memory than it may have.
func TestInflateTakesNoMoreThanItMay(t *testing.T) {
	bomb := []byte(packed(strings.Repeat("a", 8<<20)))
	inflate(bytes.Clone(bomb), false, 1) // fills the pool
	const runs = 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range runs {
		inflate(bytes.Clone(bomb), false, 64<<10)
	}
	runtime.ReadMemStats(&after)
	if n := (after.TotalAlloc - before.TotalAlloc) / runs; n > 512<<10 {
		t.Errorf("%d bytes allocated for a bomb of %d with a limit of 64 KiB", n, len(bomb))
	}
}

func TestDeflateReads(t *testing.T) {
	for _, s := range []string{"", "a", strings.Repeat("a", minDeflated-1), strings.Repeat("a", minDeflated),
		strings.Repeat("sample ", 1000), strings.Repeat("x", 5<<20)} {
		for _, text := range []bool{true, false} {
			b := appendDeflated([]byte("before"), text, []byte(s))[len("before"):]
			c := &client{t: t}
			c.r = newReader(b)
			want := map[bool]string{true: "text:", false: "bin:"}[text] + s
			if len(s) >= minDeflated {
				want = "z" + want
			}
			if got := c.frame(); got != want {
				t.Errorf("%d bytes: got %.40q", len(s), got)
			}
		}
	}
}

// What does not shrink goes as it is.
func TestDeflateLeavesAlone(t *testing.T) {
	random := make([]byte, 4096)
	x := uint32(1)
	for i := range random {
		x = x*1664525 + 1013904223
		random[i] = byte(x >> 24)
	}
	if b := appendDeflated(nil, false, random); b[0] != 0x82 || !bytes.Equal(b[4:], random) {
		t.Errorf("first byte %x, %d bytes", b[0], len(b))
	}
}

func TestNegotiate(t *testing.T) {
	const yes = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	for _, v := range []struct {
		offers, want string
	}{
		{"permessage-deflate", yes},
		{"permessage-deflate; client_max_window_bits", yes},
		{"permessage-deflate; client_max_window_bits=10", yes},
		{`permessage-deflate; client_max_window_bits="10"`, yes},
		{"permessage-deflate; server_no_context_takeover; client_no_context_takeover", yes},
		{"permessage-deflate; server_max_window_bits=15", yes + "; server_max_window_bits=15"},
		{"permessage-deflate; server_max_window_bits=14", ""},
		{"permessage-deflate; server_max_window_bits=8, permessage-deflate", yes},
		{"x-webkit-deflate-frame, permessage-deflate;client_max_window_bits", yes},
		{"permessage-deflate, permessage-deflate; server_max_window_bits=15", yes},
		{"permessage-deflate; server_max_window_bits", ""},
		{"permessage-deflate; server_max_window_bits=16", ""},
		{"permessage-deflate; server_max_window_bits=7", ""},
		{"permessage-deflate; server_max_window_bits=015", ""},
		{"permessage-deflate; client_max_window_bits=16", ""},
		{"permessage-deflate; client_max_window_bits; client_max_window_bits", ""},
		{"permessage-deflate; client_max_window_bits=10; client_max_window_bits=10", ""},
		{"permessage-deflate; server_no_context_takeover=1", ""},
		{"permessage-deflate; server_no_context_takeover; server_no_context_takeover", ""},
		{"permessage-deflate; unknown", ""},
		{"permessage-deflate; unknown=1, permessage-deflate", yes},
		{"x-other; client_max_window_bits", ""},
	} {
		if got, ok := negotiate([]string{v.offers}); !ok || got != v.want {
			t.Errorf("%s: %q, %v", v.offers, got, ok)
		}
	}
	if got, ok := negotiate([]string{"a", "permessage-deflate"}); !ok || got != yes {
		t.Errorf("in two headers: %q, %v", got, ok)
	}
	for _, bad := range []string{"permessage-deflate; =", ",", `a; b="`} {
		if got, ok := negotiate([]string{"permessage-deflate", bad}); ok {
			t.Errorf("%q accepted with %q", bad, got)
		}
	}
}

// BenchmarkDeflate is what one compressed frame costs, for everybody together.
func BenchmarkDeflate(b *testing.B) {
	m := []byte(`{"op":"samples","sub":3,"rev":1,"t":1763683200000,"v":[`)
	for i := range 370 {
		m = fmt.Appendf(m, "%d.%d,", i*i%977, i%10)
	}
	b.ReportAllocs()
	var n int
	for b.Loop() {
		n = len(appendDeflated(nil, true, m))
	}
	b.ReportMetric(float64(len(m)), "bytes")
	b.ReportMetric(float64(n), "deflated-bytes")
}

// FuzzInflate compares with what compress/flate makes of the same bytes when it
// is asked without any bounds.
func FuzzInflate(f *testing.F) {
	for _, v := range helloVectors {
		f.Add([]byte(v.in), true)
	}
	f.Add([]byte(packed(strings.Repeat("ab", 5000))), false)
	const limit = 4096
	f.Fuzz(func(t *testing.T, in []byte, text bool) {
		if len(in) == 0 {
			return
		}
		got, fault := inflate(bytes.Clone(in), text, limit)
		if len(got) > limit {
			t.Fatalf("%d bytes", len(got))
		}
		whole := append(bytes.Clone(in), "\x00\x00\xff\xff\x01\x00\x00\xff\xff"...)
		r := bytes.NewReader(whole)
		z := flate.NewReader(r)
		want, err := io.ReadAll(io.LimitReader(z, limit+1))
		if r.Len() != 0 || err != nil || len(want) > limit {
			if fault == nil && (err != nil || len(want) > limit) {
				t.Fatalf("accepted %d bytes: theirs %d, %v", len(got), len(want), err)
			}
			return // several last blocks, which theirs does not read
		}
		if fault != nil && fault.code == 1007 && text {
			return
		}
		if fault != nil || !bytes.Equal(got, want) {
			t.Fatalf("%q, %v; theirs %q", got, fault, want)
		}
	})
}

// What was compressed here reads back anywhere.
func FuzzDeflate(f *testing.F) {
	f.Add([]byte(strings.Repeat("seed", 100)))
	f.Fuzz(func(t *testing.T, in []byte) {
		c := &client{t: t, r: newReader(appendDeflated(nil, false, in))}
		if got := strings.TrimPrefix(c.frame(), "z"); got != "bin:"+string(in) {
			t.Fatalf("%.100q for %.100q", got, in)
		}
	})
}
