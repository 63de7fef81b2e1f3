package wire

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestParseClientRefuses(t *testing.T) {
	long := strings.Repeat("x", MaxID+1)
	for _, c := range []struct {
		name, in string
		id       string
		code     Code
		says     string // part of the message
	}{
		{"empty", ``, "", BadMessage, "not a JSON object"},
		{"not JSON", `hello`, "", BadMessage, "not a JSON object"},
		{"array", `["op"]`, "", BadMessage, "not a JSON object"},
		{"number", `7`, "", BadMessage, "not a JSON object"},
		{"cut", `{"op":"ping"`, "", BadMessage, "not JSON"},
		{"cut in a key", `{"op":"ping","`, "", BadMessage, "not JSON"},
		{"more behind", `{"op":"ping"}{}`, "", BadMessage, "after the object"},
		{"no op", `{"id":"a"}`, "a", BadMessage, `no "op"`},
		{"op is no string", `{"op":7,"id":"a"}`, "a", BadMessage, `no "op"`},
		{"unknown op", `{"op":"subscrbe","id":"a"}`, "a", UnknownOp, "subscrbe"},
		{"case counts", `{"Op":"ping"}`, "", BadMessage, `no "op"`},
		{"unknown key", `{"op":"subscribe","id":"a","samples":"","form":"-5m"}`, "a", BadMessage, "form"},
		{"key of another op", `{"op":"unsubscribe","id":"a","every":"5s"}`, "a", BadMessage, "every"},
		{"key twice", `{"op":"ping","t":1,"t":2}`, "", BadMessage, "twice"},
		{"nested", `{"op":"subscribe","id":"a","samples":{"x":1}}`, "a", BadMessage, "nested"},
		{"deep", strings.Repeat(`{"a":`, 10000), "", BadMessage, "nested"},
		{"many keys", `{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1,"j":1,"k":1,"l":1,"m":1,"n":1,"o":1,"p":1,"q":1}`, "", BadMessage, "more than"},
		{"no id", `{"op":"subscribe","samples":""}`, "", BadMessage, `"id"`},
		{"empty id", `{"op":"subscribe","id":"","samples":""}`, "", BadMessage, `"id"`},
		{"id is a number", `{"op":"unsubscribe","id":7}`, "", BadMessage, `"id"`},
		{"long id", `{"op":"unsubscribe","id":"` + long + `"}`, "", BadMessage, `"id"`},
		{"nothing followed", `{"op":"subscribe","id":"a"}`, "a", BadMessage, "one of"},
		{"two followed", `{"op":"subscribe","id":"a","samples":"","alerts":""}`, "a", BadMessage, "both"},
		{"selector is null", `{"op":"subscribe","id":"a","samples":null}`, "a", BadMessage, "not a string"},
		{"empty query", `{"op":"subscribe","id":"a","query":""}`, "a", BadQuery, "empty"},
		{"long query", `{"op":"subscribe","id":"a","query":"` + strings.Repeat("1+", MaxExpr/2) + `1"}`, "a", BadQuery, "bytes"},
		{"long selector", `{"op":"subscribe","id":"a","samples":"` + strings.Repeat("a", MaxExpr+1) + `"}`, "a", BadSelector, "bytes"},
		{"every is a number", `{"op":"subscribe","id":"a","samples":"","every":5}`, "a", BadTime, `"5s"`},
		{"every without unit", `{"op":"subscribe","id":"a","samples":"","every":"5"}`, "a", BadTime, "duration"},
		{"every is zero", `{"op":"subscribe","id":"a","samples":"","every":"0s"}`, "a", BadTime, "positive"},
		{"every is negative", `{"op":"subscribe","id":"a","samples":"","every":"-5s"}`, "a", BadTime, "duration"},
		{"from in words", `{"op":"subscribe","id":"a","samples":"","from":"yesterday"}`, "a", BadTime, "RFC 3339"},
		{"from is true", `{"op":"subscribe","id":"a","samples":"","from":true}`, "a", BadTime, "neither"},
		{"from without a unit", `{"op":"subscribe","id":"a","samples":"","from":-300}`, "a", BadTime, "-300ms"},
		{"from is a fraction", `{"op":"subscribe","id":"a","samples":"","from":1.5}`, "a", BadTime, "neither"},
		{"from beyond time", `{"op":"subscribe","id":"a","samples":"","from":9223372036854775807}`, "a", BadTime, "9999"},
		{"alerts with from", `{"op":"subscribe","id":"a","alerts":"","from":"-5m"}`, "a", BadMessage, "from"},
		{"samples with after", `{"op":"subscribe","id":"a","samples":"","after":1}`, "a", BadMessage, "after"},
		{"after is a string", `{"op":"subscribe","id":"a","alerts":"","after":"1"}`, "a", BadMessage, "after"},
		{"after is negative", `{"op":"subscribe","id":"a","alerts":"","after":-1}`, "a", BadMessage, "after"},
		{"after is a fraction", `{"op":"subscribe","id":"a","alerts":"","after":1e3}`, "a", BadMessage, "after"},
		{"after beyond 64 bits", `{"op":"subscribe","id":"a","alerts":"","after":18446744073709551616}`, "a", BadMessage, "after"},
		{"long epoch", `{"op":"subscribe","id":"a","alerts":"","epoch":"` + long + `"}`, "a", BadMessage, "epoch"},
		{"ping at a string", `{"op":"ping","t":"now"}`, "", BadMessage, "ping"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, fault := ParseClient([]byte(c.in))
			if fault == nil {
				t.Fatal("accepted")
			}
			if fault.Code != c.code || fault.ID != c.id {
				t.Errorf("got %s for %q, want %s for %q: %s", fault.Code, fault.ID, c.code, c.id, fault.Message)
			}
			if !strings.Contains(fault.Message, c.says) {
				t.Errorf("%q does not say %q", fault.Message, c.says)
			}
			if len(fault.Message) > 400 {
				t.Errorf("message of %d bytes", len(fault.Message))
			}
		})
	}
}

func TestParseClientAccepts(t *testing.T) {
	for in, want := range map[string]Request{
		" {\n\"id\" : \"\\u0061\\n\" , \"op\" : \"unsubscribe\" } \n": {Op: OpUnsubscribe, ID: "a\n"},
		`{"op":"ping"}`: {Op: OpPing},
		`{"op":"subscribe","id":"x","samples":"","from":"2025-11-21T00:00:00Z","every":"1m30s"}`: {
			Op: OpSubscribe, ID: "x", Kind: KindSamples, From: At(1763683200000), Every: 90 * time.Second},
		`{"op":"subscribe","id":"x","query":"up","from":"1763683200000"}`: {
			Op: OpSubscribe, ID: "x", Kind: KindQuery, Expr: "up", From: At(1763683200000)},
		`{"op":"subscribe","id":"x","alerts":"","after":0}`: {Op: OpSubscribe, ID: "x", Kind: KindAlerts, HasAfter: true},
	} {
		got, fault := ParseClient([]byte(in))
		if fault != nil {
			t.Errorf("%s: %v", in, fault)
		} else if got != want {
			t.Errorf("%s:\ngot  %+v\nwant %+v", in, got, want)
		}
	}
}

func FuzzParseClient(f *testing.F) {
	for _, r := range clientGolden() {
		f.Add(r.AppendJSON(nil))
	}
	f.Add([]byte(`{"op":"subscribe","id":"a","samples":"","every":"1e9999h"}`))
	f.Add([]byte(`{"op":"ping","t":-9223372036854775808}`))
	f.Add([]byte(`{"id":"\ud800","op":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, fault := ParseClient(data)
		if fault != nil {
			if len(fault.ID) > MaxID || len(fault.Message) > 400 {
				t.Fatalf("long answer: %d, %d bytes", len(fault.ID), len(fault.Message))
			}
			out := fault.AppendJSON(nil)
			if _, err := Decode(out); err != nil || !utf8.Valid(out) {
				t.Fatalf("answer %q: %v", out, err)
			}
			return
		}
		// What was understood can be said again, and means the same.
		again, fault := ParseClient(r.AppendJSON(nil))
		if fault != nil {
			t.Fatalf("%+v written as %s: %v", r, r.AppendJSON(nil), fault)
		}
		if again != r {
			t.Fatalf("%+v became %+v", r, again)
		}
	})
}
