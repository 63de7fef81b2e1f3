package stream

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func newReader(b []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(b)) }

// dialDeflate connects with permessage-deflate.
func (s *testServer) dialDeflate() *client {
	s.t.Helper()
	c, resp := s.handshake(strings.TrimSuffix(handshake, "\r\n") + "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n")
	want := "permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != want {
		s.t.Fatalf("extensions: %q", got)
	}
	return c
}

// deflateVectors follows RFC 7692, as bytes on a connection.
func deflateVectors() []vector {
	var vs []vector
	add := func(name, in, want string) { vs = append(vs, vector{name, in, want}) }
	closing := masked(0x88, "\x03\xe8")
	const closed = " close:1000"
	hello := "\xf2\x48\xcd\xc9\xc9\x07\x00"

	// 6.1 and 6.2: the bit.
	for op := range 16 {
		for _, rsv := range []byte{0x40, 0x20, 0x10, 0x60, 0x50, 0x70} {
			name := fmt.Sprintf("6.1 opcode %x rsv %x", op, rsv>>4)
			in := masked(0x80|rsv|byte(op), hello) + closing
			if want, ok := map[int]string{1: "text:Hello", 2: "bin:Hello"}[op]; ok && rsv == 0x40 {
				add(name, in, want+closed)
			} else {
				add(name, in, "close:1002")
			}
		}
	}
	add("6.1 not every message is compressed", masked(0xc1, hello)+masked(0x81, "plain")+masked(0xc1, hello)+closing, "text:Hello text:plain text:Hello"+closed)
	add("6.1 bit on a continuation", masked(0x41, hello[:3])+masked(0xc0, hello[3:]), "close:1002")
	add("6.1 bit on a continuation of a plain message", masked(0x01, "a")+masked(0xc0, "b"), "close:1002")
	add("6.1 ping between", masked(0x41, hello[:3])+masked(0x89, "p")+masked(0x80, hello[3:])+closing, "pong:p text:Hello"+closed)
	add("6.1 compressed ping between", masked(0x41, hello[:3])+masked(0xc9, "p"), "close:1002")
	add("6.1 fragments", masked(0x41, hello[:3])+masked(0x80, hello[3:])+closing, "text:Hello"+closed)
	add("6.1 a plain one after fragments", masked(0x41, hello[:3])+masked(0x80, hello[3:])+masked(0x01, "a")+masked(0x80, "b")+closing, "text:Hello text:ab"+closed)
	var bytewise string
	for i := range len(hello) {
		b := byte(0)
		if i == 0 {
			b = 0x42
		}
		bytewise += masked(b, hello[i:i+1])
	}
	add("6.1 a fragment for each byte", bytewise+masked(0x80, "")+closing, "bin:Hello"+closed)

	for _, v := range helloVectors {
		add(v.name, masked(0xc1, v.in)+closing, "text:"+v.want+closed)
	}
	// 7.2.3.2: a window that was shared would not read.
	add("7.2.3.2 refers to the last message", masked(0xc1, hello)+masked(0xc1, "\xf2\x00\x11\x00\x00"), "text:Hello close:1007")
	add("7.2.2 not deflate", masked(0xc1, "\x06\x06"), "close:1007")
	add("7.2.2 text that is not UTF-8", masked(0xc1, packed("ok\xff")), "close:1007")
	add("7.2.2 text that ends in a rune", masked(0xc1, packed("ok\xe2\x82")), "close:1007")
	add("7.2.2 binary", masked(0xc2, packed("ok\xff"))+closing, "bin:ok\xff"+closed)
	add("plain text that is not UTF-8", masked(0x81, "ok\xff"), "close:1007")
	just, over := strings.Repeat("j", vectorLimit), strings.Repeat("j", vectorLimit+1)
	add("inflates to the limit", masked(0xc1, packed(just))+closing, "ztext:"+just+closed)
	add("inflates beyond the limit", masked(0xc1, packed(over))+masked(0x81, "late"), "close:1009")
	add("a bomb", masked(0xc1, packed(strings.Repeat("b", 1<<20))), "close:1009")
	add("announces too much", head(0xc2, 0xfe, 0x20, 0), "close:1009")
	add("close behind a message at fault", masked(0xc1, "\x06")+closing, "close:1007")
	return vs
}

func TestDeflateConformance(t *testing.T) {
	o := testOptions()
	o.MaxMessage = vectorLimit
	s := serve(t, funcs{}, o)
	for i, v := range deflateVectors() {
		r := rand.New(rand.NewPCG(uint64(i), 7))
		ways := map[string][][]byte{"whole": {[]byte(v.in)}, "split": split([]byte(v.in), r)}
		if len(v.in) < 80 {
			ways["byte by byte"] = single([]byte(v.in))
		}
		for way, chunks := range ways {
			c := s.dialDeflate()
			go func() {
				for _, b := range chunks {
					if _, err := c.Write(b); err != nil {
						return // closed already: that is the verdict
					}
				}
			}()
			if got := c.verdict(); got != v.want {
				t.Errorf("%s, %s: got %.200q, want %.200q", v.name, way, got, v.want)
			}
			c.Close()
		}
	}
	eventually(t, "all closed", func() bool { return s.Stats().Connections == 0 })
}

// verdict is everything that comes but the engine's pings.
func (c *client) verdict() string {
	var got []string
	for {
		f := c.frame()
		if f == "eof" {
			return strings.Join(got, " ")
		}
		if f != "ping:" {
			got = append(got, f)
		}
	}
}

// A connection that has not agreed on compression must not use the bit, and all
// else is as it was on one that has.
func TestPlainVectorsWithDeflate(t *testing.T) {
	l := newLimits(vectorLimit)
	l.deflate = true
	for _, v := range vectors() {
		if strings.Contains(v.name, "rsv 4") {
			continue
		}
		if got := verdict(l, []byte(v.in)); got != v.want {
			t.Errorf("%s: got %.200q, want %.200q", v.name, got, v.want)
		}
	}
}
