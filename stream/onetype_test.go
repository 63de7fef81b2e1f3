package stream

import "testing"

// A frame of the wrong type is refused with 1003 where it begins: neither its last
// fragment nor its payload is waited for. What is wrong in itself is still 1002.
func TestFramesOfTheWrongType(t *testing.T) {
	o := testOptions()
	o.Protocols, o.Binary, o.OneType = []string{"text.v1", "binary.v1"}, "binary.v1", true
	o.Encode = func(m []byte) []byte { return m }
	s := serve(t, funcs{}, o)
	for _, v := range []struct{ name, protocol, send, want string }{
		{"binary on text", "text.v1", masked(0x82, "x"), "close:1003"},
		{"binary on none", "", masked(0x82, "x"), "close:1003"},
		{"first fragment of binary on text", "text.v1", masked(0x02, "x"), "close:1003"},
		{"empty fragment of binary on text", "text.v1", masked(0x02, ""), "close:1003"},
		{"two bytes of binary on text", "text.v1", "\x02\x81", "close:1003"},
		{"long binary on text", "text.v1", "\x82\xff", "close:1003"},
		{"text on binary", "binary.v1", masked(0x81, "x"), "close:1003"},
		{"first fragment of text on binary", "binary.v1", masked(0x01, ""), "close:1003"},
		{"unmasked binary on text", "text.v1", "\x82\x01x", "close:1002"},
		{"reserved bit and binary on text", "text.v1", masked(0xa2, "x"), "close:1002"},
		{"binary within a text", "text.v1", masked(0x01, "x") + masked(0x82, "x"), "close:1002"},
	} {
		request := handshake
		if v.protocol != "" {
			request = handshake[:len(handshake)-2] + "Sec-WebSocket-Protocol: " + v.protocol + "\r\n\r\n"
		}
		c, _ := s.handshake(request)
		c.t = t
		c.send(v.send)
		if got := c.frame(); got != v.want {
			t.Errorf("%s: %s, want %s", v.name, got, v.want)
		}
		c.Close()
	}
	if n := s.Stats().Closed["type"] + s.Stats().Closed["protocol"]; n > 11 {
		t.Errorf("%d counted", n)
	}
}
