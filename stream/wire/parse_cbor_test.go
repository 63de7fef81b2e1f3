package wire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// item joins what a client sends: strings become texts, bytes stand as they are.
func item(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			b = appendCBORText(b, p)
		case int:
			b = appendCBORInt(b, int64(p))
		case float64:
			b = appendCBORFloat(b, p)
		case []byte:
			b = append(b, p...)
		}
	}
	return b
}

func pairs(n int) []byte { return appendCBORHead(nil, cborMap, uint64(n)) }

func TestParseClientCBOR(t *testing.T) {
	indefinite, stop := []byte{0xbf}, []byte{0xff}
	for _, v := range []struct {
		name string
		in   []byte
		want Request
	}{
		{"ping", item(pairs(2), "op", "ping", "t", 1763683200000), Request{Op: OpPing, T: 1763683200000}},
		{"ping with a float", item(pairs(2), "op", "ping", "t", 1763683200000.0), Request{Op: OpPing, T: 1763683200000}},
		{"ping before 1970", item(pairs(2), "op", "ping", "t", -5), Request{Op: OpPing, T: -5}},
		{"a map of no length", item(indefinite, "op", "unsubscribe", "id", "x", stop), Request{Op: OpUnsubscribe, ID: "x"}},
		{"alerts", item(pairs(4), "op", "subscribe", "id", "a", "alerts", "", "after", 0),
			Request{Op: OpSubscribe, ID: "a", Kind: KindAlerts, HasAfter: true}},
		{"samples", item(pairs(5), "op", "subscribe", "id", "s", "samples", "up", "from", 1763683200000, "every", "5s"),
			Request{Op: OpSubscribe, ID: "s", Kind: KindSamples, Expr: "up", From: At(1763683200000), Every: 5e9}},
	} {
		got, fault := ParseClientCBOR(v.in)
		if fault != nil || got != v.want {
			t.Errorf("%s: %+v, %v", v.name, got, fault)
		}
	}
	deep := bytes.Repeat([]byte{0x81}, 1000)
	for _, v := range []struct {
		name string
		in   []byte
		id   string
		code Code
		says string
	}{
		{"nothing", nil, "", BadMessage, "CBOR"},
		{"null", []byte{cborNull}, "", BadMessage, "not a CBOR map"},
		{"JSON", []byte(`{"op":"ping"}`), "", BadMessage, "CBOR"},
		{"array", item([]byte{0x82}, "op", "ping"), "", BadMessage, "CBOR"},
		{"cut short", item(pairs(2), "op", "ping", "t"), "", BadMessage, "CBOR"},
		{"more behind it", item(pairs(1), "op", "ping", 1), "", BadMessage, "CBOR"},
		{"key twice", item(pairs(4), "op", "subscribe", "id", "x", "alerts", "", "alerts", ""), "x", BadMessage, "there twice"},
		{"key that is no text", item(pairs(2), "op", "ping", 1, 2), "", BadMessage, "CBOR"},
		{"nested", item(pairs(3), "op", "subscribe", "id", "x", "alerts", pairs(0)), "x", BadMessage, "nested"},
		{"nested deep", item(pairs(2), "op", "ping", "t", deep), "", BadMessage, "CBOR"},
		{"an array that claims to be long", item(pairs(2), "op", "ping", "t", []byte{0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "", BadMessage, "CBOR"},
		{"a map that claims to be long", []byte{0xbb, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, "", BadMessage, "CBOR"},
		{"a text that claims to be long", item(pairs(1), []byte{0x7b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "", BadMessage, "CBOR"},
		{"tagged", item(pairs(2), "op", "ping", "t", []byte{0xc1}, 5), "", BadMessage, "CBOR"},
		{"bytes for text", item(pairs(2), "op", "unsubscribe", "id", []byte{0x41, 'x'}), "", BadMessage, "id"},
		{"text that is not UTF-8", item(pairs(2), "op", []byte{0x61, 0xff}, "t", 1), "", BadMessage, "CBOR"},
		{"half a number", item(pairs(2), "op", "ping", "t", 1.5), "", BadMessage, "whole number"},
		{"number beyond all", item(pairs(2), "op", "ping", "t", []byte{0x1b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}), "", BadMessage, "whole number"},
		{"unknown op", item(pairs(2), "op", "dance", "id", "x"), "x", UnknownOp, "dance"},
		{"unknown key", item(pairs(3), "op", "unsubscribe", "id", "x", "form", 1), "x", BadMessage, "form"},
	} {
		_, fault := ParseClientCBOR(v.in)
		if fault == nil || fault.Code != v.code || fault.ID != v.id || !strings.Contains(fault.Message, v.says) {
			t.Errorf("%s: %v (id %q)", v.name, fault, fault.ID)
		}
	}
}

// The heads of RFC 8949, appendix A.
func TestCBORExamples(t *testing.T) {
	for want, v := range map[string]any{
		"00": 0, "17": 23, "1818": 24, "1864": 100, "1903e8": 1000, "1a000f4240": 1000000, "1b000000e8d4a51000": 1000000000000,
		"20": -1, "29": -10, "3863": -100, "3903e7": -1000,
		"fb3ff199999999999a": 1.1, "fb7e37e43c8800759c": 1.0e+300, "fbc010666666666666": -4.1,
		"60": "", "6161": "a", "6449455446": "IETF", "62225c": "\"\\", "62c3bc": "ü", "64f0908591": "\U00010151", "f6": None(),
	} {
		if got := fmt.Sprintf("%x", item(v)); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}

// FuzzParseClientCBOR holds that no input panics, and that what is accepted means
// the same when it is written again.
func FuzzParseClientCBOR(f *testing.F) {
	for _, r := range clientGolden() {
		f.Add(r.AppendCBOR(nil))
	}
	f.Add(item([]byte{0xbf}, "op", "ping", []byte{0xff}))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, fault := ParseClientCBOR(in)
		if fault != nil {
			if _, err := DecodeCBOR(AppendCBOR(nil, fault)); err != nil {
				t.Fatal(err)
			}
			return
		}
		again, fault := ParseClientCBOR(r.AppendCBOR(nil))
		if fault != nil || again != r {
			t.Fatalf("%+v, %v; before %+v", again, fault, r)
		}
	})
}
