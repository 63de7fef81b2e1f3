package stream

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// theirs reads the same bytes with gobwas' own reader, as a blocking server
// would, and returns the messages and what ended them: "close", "1002", "1007",
// "1009" or "more" when the bytes ran out.
func theirs(in []byte, limit int64) (messages []string, end string) {
	r := &wsutil.Reader{Source: bytes.NewReader(in), State: ws.StateServerSide, CheckUTF8: true, MaxMessageSize: limit}
	closed := errors.New("close")
	r.OnIntermediate = func(h ws.Header, body io.Reader) error {
		if n, err := io.Copy(io.Discard, body); err != nil || n < h.Length {
			return cmp.Or(err, io.ErrUnexpectedEOF)
		}
		if h.OpCode == ws.OpClose {
			return closed
		}
		return nil
	}
	class := func(err error) string {
		var p ws.ProtocolError
		switch {
		case errors.Is(err, closed):
			return "close"
		case errors.As(err, &p), errors.Is(err, ws.ErrHeaderLengthMSB):
			return "1002"
		case errors.Is(err, wsutil.ErrInvalidUTF8):
			return "1007"
		case errors.Is(err, wsutil.ErrMessageTooLarge):
			return "1009"
		}
		return "more"
	}
	for {
		h, err := r.NextFrame()
		if err != nil {
			return messages, class(err)
		}
		if h.OpCode.IsControl() {
			if _, err := io.ReadAll(r); err != nil {
				return messages, class(err)
			}
			if h.OpCode == ws.OpClose {
				return messages, "close"
			}
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			return messages, class(err)
		}
		kind := "bin:"
		if h.OpCode == ws.OpText {
			kind = "text:"
		}
		messages = append(messages, kind+string(b))
	}
}

func ours(in []byte, l limits) (messages []string, end string) {
	p := new(parser)
	for {
		n, g, f := p.feed(in, &l)
		in = in[n:]
		switch {
		case f != nil && g == gotClose:
			return messages, "close" // what it says is no affair of their reader
		case f != nil && (f.code == 1008 || strings.Contains(f.reason, "shortest") ||
			f.reason == ws.ErrProtocolControlPayloadOverflow.Error()):
			return messages, "" // they do not look at the form of a length
		case f != nil:
			return messages, map[uint16]string{1002: "1002", 1007: "1007", 1009: "1009"}[f.code]
		case g == gotNothing:
			return messages, "more"
		}
		payload, text := p.take(g)
		switch {
		case g == gotClose:
			return messages, "close"
		case g == gotMessage && text:
			messages = append(messages, "text:"+string(payload))
		case g == gotMessage:
			messages = append(messages, "bin:"+string(payload))
		}
	}
}

// agree compares the parser with wsutil.Reader: the same messages, and the same
// class of error, but that ours fails at the first byte that is wrong and does not
// wait for the rest of a header or message to say so.
func agree(t *testing.T, in []byte) {
	const limit = 1 << 10
	got, gotEnd := ours(bytes.Clone(in), newLimits(limit))
	want, wantEnd := theirs(in, limit)
	if gotEnd == "" && len(want) > len(got) {
		want = want[:len(got)] // they went on
	}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("messages %q, theirs %q (%s, theirs %s)", got, want, gotEnd, wantEnd)
	}
	if gotEnd != "" && gotEnd != wantEnd && !(wantEnd == "more" && gotEnd[0] == '1') {
		t.Errorf("%q: %s, theirs %s", in, gotEnd, wantEnd)
	}
}

// sequences are frames that are mostly right.
func sequences(n int) (all [][]byte) {
	r := rand.New(rand.NewPCG(5, 6))
	for range n {
		var b []byte
		for range 1 + r.IntN(6) {
			ops := []byte{0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8a, 0x88}
			b = append(b, masked(ops[r.IntN(len(ops))], []string{"", "a", "\xe2\x82", "\xac", "\xff", "some text"}[r.IntN(6)])...)
		}
		all = append(all, b[:len(b)-r.IntN(3)])
	}
	return all
}

func TestDifferential(t *testing.T) {
	for _, v := range vectors() {
		if len(v.in) < 600 {
			agree(t, []byte(v.in))
		}
	}
	for _, b := range sequences(5000) {
		agree(t, b)
	}
}

func FuzzDifferential(f *testing.F) {
	for i, v := range vectors() {
		if i%10 == 0 && len(v.in) < 600 {
			f.Add([]byte(v.in))
		}
	}
	for _, b := range sequences(20) {
		f.Add(b)
	}
	f.Fuzz(agree)
}
