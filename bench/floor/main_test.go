package main

import "testing"

func TestFrame(t *testing.T) {
	for n, head := range map[int]string{0: "\x81\x00", 125: "\x81\x7d", 126: "\x81\x7e\x00\x7e", 1024: "\x81\x7e\x04\x00", 65535: "\x81\x7e\xff\xff"} {
		f := frame(n)
		if len(f) != n+len(head) || string(f[:len(head)]) != head {
			t.Errorf("%d bytes: a frame of %d that begins %x", n, len(f), f[:len(head)])
		}
	}
}
