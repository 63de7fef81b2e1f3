package stream

import (
	"fmt"
	"strings"
)

// A vector is what a client sends and what it must get: "text:…" and "bin:…" come
// back as they were, a ping gets its pong, and "close:CODE" is the last word.
type vector struct {
	name string
	in   string
	want string // separated by blanks
}

// vectorLimit is the longest message in the tests with vectors.
const vectorLimit = 4096

// head is a frame's head as given, with a mask of zeros, without its payload.
func head(b ...byte) string { return string(b) + "\x00\x00\x00\x00" }

// vectors follows RFC 6455 section by section.
func vectors() []vector {
	var vs []vector
	add := func(name, in, want string) { vs = append(vs, vector{name, in, want}) }
	closing := masked(0x88, "\x03\xe8")
	const closed = " close:1000"

	// 5.2: opcodes, reserved bits, mask, lengths.
	for op := range 16 {
		for _, fin := range []byte{0x80, 0} {
			for _, rsv := range []byte{0, 0x40, 0x20, 0x10, 0x70} {
				name := fmt.Sprintf("5.2 opcode %x fin %x rsv %x", op, fin>>7, rsv>>4)
				in := masked(fin|rsv|byte(op), "ab")
				switch {
				case rsv != 0 || op >= 3 && op <= 7 || op > 10 || op == 0:
					add(name, in+closing, "close:1002")
				case op >= 8 && fin == 0:
					add(name, in+closing, "close:1002")
				case op == 8:
					add(name, in, "close:1002") // code 24930
				case op == 9:
					add(name, in+closing, "pong:ab"+closed)
				case op == 10:
					add(name, in+closing, closed)
				case fin == 0:
					add(name, in+masked(0x80, "c")+closing, []string{"", "text:abc", "bin:abc"}[op]+closed)
				default:
					add(name, in+closing, []string{"", "text:ab", "bin:ab"}[op]+closed)
				}
			}
		}
	}
	for _, op := range []byte{0x81, 0x82, 0x88, 0x89, 0x8a} {
		add(fmt.Sprintf("5.1 unmasked %x", op), string([]byte{op, 2, 'a', 'b'}), "close:1002")
		add(fmt.Sprintf("5.1 unmasked empty %x", op), string([]byte{op, 0}), "close:1002")
	}
	add("5.2 unmasked after a good one", masked(0x81, "a")+"\x81\x01b", "text:a close:1002")
	for _, n := range []int{0, 1, 2, 15, 16, 17, 124, 125, 126, 127, 128, 1000, 4095, 4096} {
		text := strings.Repeat("q", n)
		add(fmt.Sprintf("5.2 text of %d", n), masked(0x81, text)+closing, "text:"+text+closed)
		add(fmt.Sprintf("5.2 binary of %d", n), masked(0x82, text)+closing, "bin:"+text+closed)
	}
	add("5.2 too long by one", masked(0x81, strings.Repeat("q", 4097)), "close:1009")
	for n := range 126 {
		if n%25 == 0 || n > 123 {
			add(fmt.Sprintf("5.2 length %d in 16 bits", n), head(0x82, 0xfe, 0, byte(n)), "close:1002")
		}
	}
	for _, n := range []uint64{0, 1, 125, 126, 4096, 65535} {
		add(fmt.Sprintf("5.2 length %d in 64 bits", n), head(0x82, 0xff, 0, 0, 0, 0, 0, 0, byte(n>>8), byte(n)), "close:1002")
	}
	for shift := 16; shift < 63; shift++ {
		n := uint64(1) << shift
		var b []byte
		for i := 56; i >= 0; i -= 8 {
			b = append(b, byte(n>>i))
		}
		add(fmt.Sprintf("5.2 announces 2^%d", shift), head(append([]byte{0x82, 0xff}, b...)...), "close:1009")
	}
	add("5.2 announces 2^63", head(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0), "close:1002")
	add("5.2 announces 2^64-1", head(0x82, 0xff, 255, 255, 255, 255, 255, 255, 255, 255), "close:1002")
	add("5.2 announces 2^63-1", head(0x82, 0xff, 127, 255, 255, 255, 255, 255, 255, 255), "close:1009")

	// 5.4: fragmentation.
	add("5.4 two fragments", masked(0x01, "fo")+masked(0x80, "o")+closing, "text:foo"+closed)
	add("5.4 empty fragments", masked(0x01, "")+masked(0x00, "")+masked(0x80, "")+closing, "text:"+closed)
	add("5.4 binary in five", masked(0x02, "a")+masked(0x00, "b")+masked(0x00, "")+masked(0x00, "c")+masked(0x80, "d")+closing, "bin:abcd"+closed)
	add("5.4 ping between", masked(0x01, "fo")+masked(0x89, "p")+masked(0x80, "o")+closing, "pong:p text:foo"+closed)
	add("5.4 ping inside binary", masked(0x02, "\xff")+masked(0x89, "")+masked(0x8a, "x")+masked(0x80, "\xfe")+closing, "pong: bin:\xff\xfe"+closed)
	add("5.4 close between", masked(0x01, "fo")+closing, "close:1000")
	add("5.4 text within text", masked(0x01, "a")+masked(0x81, "b"), "close:1002")
	add("5.4 binary within text", masked(0x01, "a")+masked(0x02, "b"), "close:1002")
	add("5.4 continuation of nothing", masked(0x80, "a"), "close:1002")
	add("5.4 continuation after the end", masked(0x01, "a")+masked(0x80, "b")+masked(0x80, "c"), "text:ab close:1002")
	add("5.4 together too long", masked(0x01, strings.Repeat("a", 4000))+masked(0x80, strings.Repeat("a", 97)), "close:1009")
	add("5.4 together just right", masked(0x01, strings.Repeat("a", 4000))+masked(0x80, strings.Repeat("b", 96))+closing,
		"text:"+strings.Repeat("a", 4000)+strings.Repeat("b", 96)+closed)
	add("5.4 empty fragments for ever", masked(0x01, "")+strings.Repeat(masked(0x00, ""), 400), "close:1008")
	add("5.4 one-byte fragments for ever", masked(0x02, "a")+strings.Repeat(masked(0x00, "a"), 400), "close:1008")

	// 5.5: control frames.
	for _, n := range []int{0, 1, 124, 125} {
		text := strings.Repeat("p", n)
		add(fmt.Sprintf("5.5.2 ping of %d", n), masked(0x89, text)+closing, "pong:"+text+closed)
		add(fmt.Sprintf("5.5.3 pong of %d", n), masked(0x8a, text)+closing, closed)
	}
	for _, op := range []byte{0x88, 0x89, 0x8a} {
		add(fmt.Sprintf("5.5 control %x of 126", op), head(op, 0xfe, 0, 126), "close:1002")
		add(fmt.Sprintf("5.5 control %x in 64 bits", op), head(op, 0xff, 0, 0, 0, 0, 0, 1, 0, 0), "close:1002")
		add(fmt.Sprintf("5.5 control %x in pieces", op), masked(op&0x7f, "ab"), "close:1002")
	}
	add("5.5.1 empty close", masked(0x88, ""), "close:")
	add("5.5.1 nothing after a close", closing+masked(0x81, "late"), "close:1000")
	add("5.5.1 close of one byte", masked(0x88, "\x03"), "close:1002")
	add("5.5.1 longest reason", masked(0x88, "\x03\xe8"+strings.Repeat("r", 123)), "close:1000")
	add("5.5.1 reason not UTF-8", masked(0x88, "\x03\xe8\xff"), "close:1007")
	add("5.5.1 reason cut in a rune", masked(0x88, "\x03\xe8a\xe2\x82"), "close:1007")
	add("5.5.1 reason UTF-8", masked(0x88, "\x03\xe8\xe2\x82\xac"), "close:1000")

	// 7.4: close codes.
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		add(fmt.Sprintf("7.4 code %d", code), masked(0x88, string([]byte{byte(code >> 8), byte(code)})), fmt.Sprintf("close:%d", code))
	}
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65535} {
		add(fmt.Sprintf("7.4 code %d", code), masked(0x88, string([]byte{byte(code >> 8), byte(code)})), "close:1002")
	}

	// 8.1: UTF-8, in one frame, over fragments, failing at the first bad byte.
	for _, good := range []string{"κόσμε", "\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\ufffd", "\uffff", "\U00010000", "\U0010ffff", "ascii then \u20ac and 12345678\U0001f600"} {
		add(fmt.Sprintf("8.1 %q", good), masked(0x81, good)+closing, "text:"+good+closed)
		for i := range len(good) {
			add(fmt.Sprintf("8.1 %q cut at %d", good, i), masked(0x01, good[:i])+masked(0x89, "")+masked(0x80, good[i:])+closing, "pong: text:"+good+closed)
		}
	}
	for _, bad := range []string{"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "\xc2a", "\xe2\x82a", "\xf0\x9f\x98a", "12345678\xff"} {
		add(fmt.Sprintf("8.1 bad %q", bad), masked(0x81, bad), "close:1007")
		add(fmt.Sprintf("8.1 bad %q in a fragment, and no more", bad), masked(0x01, bad), "close:1007")
		for i := range len(bad) {
			add(fmt.Sprintf("8.1 bad %q cut at %d", bad, i), masked(0x01, bad[:i])+masked(0x80, bad[i:]), "close:1007")
		}
		add(fmt.Sprintf("8.1 binary %q", bad), masked(0x82, bad)+closing, "bin:"+bad+closed)
	}
	for _, cut := range []string{"\xc2", "\xe2\x82", "\xf0\x9f\x98", "ok\xf4\x8f\xbf"} {
		add(fmt.Sprintf("8.1 ends within %q", cut), masked(0x81, cut), "close:1007")
	}
	// The first fault counts: text that is wrong before its frame is complete.
	add("8.1 bad byte of a frame that never ends", head(0x81, 0xfe, 0x0f, 0xff)+"ab\xff", "close:1007")
	add("5.2 fault after good ones", masked(0x81, "1")+masked(0x82, "2")+masked(0x89, "3")+masked(0x83, "4"), "text:1 bin:2 pong:3 close:1002")
	for i := range vs {
		vs[i].want = strings.TrimSpace(vs[i].want)
	}
	return vs
}
