package clean

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"plain é 日本":            "plain é 日本",
		"a\x1b[31mx\x07y\u009b": "a\ufffd[31mx\ufffdy\ufffd",
		"\u202eright\u2028":     "\ufffdright\ufffd",
		"half \xc3":             "half \ufffd",
		"tab\tend\n":            "tab\ufffdend\ufffd",
	} {
		if got := Text(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	if got, want := Lines("a\tb\n\x1bc\n"), "a b\n\ufffdc\n"; got != want {
		t.Errorf("lines are %q, want %q", got, want)
	}
}

func TestJSONKeepsTheMeaning(t *testing.T) {
	in := "{\"a\":\n\"x\u0085\u007fé\"}"
	var before, after map[string]string
	if err := json.Unmarshal([]byte(in), &before); err != nil {
		t.Fatal(err)
	}
	out := JSON([]byte(in))
	if err := json.Unmarshal(out, &after); err != nil || after["a"] != before["a"] || bytes.ContainsAny(out, "\n\x7f") {
		t.Errorf("%q: %v", out, err)
	}
}
