package wire

import (
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

func TestAnswer(t *testing.T) {
	type answer struct {
		Cursor   string           `json:"cursor"`
		Messages []map[string]any `json:"messages"`
	}
	one := []byte(`{"op":"heartbeat","sub":3,"t":7,"seq":9}`)
	two := []byte(`{"op":"unsubscribed","id":"a","sub":3}`)
	for _, messages := range [][][]byte{{}, {one}, {one, two}} {
		var got answer
		b := AppendAnswer(nil, `a"b`, messages)
		if err := json.Unmarshal(b, &got); err != nil || got.Cursor != `a"b` || got.Messages == nil || len(got.Messages) != len(messages) {
			t.Errorf("%s: %+v, %v", b, got, err)
		}
		binary := make([][]byte, len(messages))
		for i, m := range messages {
			var err error
			if binary[i], err = ToCBOR(m); err != nil {
				t.Fatal(err)
			}
		}
		got = answer{}
		b = AppendAnswerCBOR(nil, `a"b`, binary)
		if err := cbor.Unmarshal(b, &got); err != nil || got.Cursor != `a"b` || got.Messages == nil || len(got.Messages) != len(messages) {
			t.Errorf("%x: %+v, %v", b, got, err)
		}
		for i, m := range got.Messages {
			if m["op"] != []string{"heartbeat", "unsubscribed"}[i] {
				t.Errorf("%d: %v", i, m)
			}
		}
	}
}
