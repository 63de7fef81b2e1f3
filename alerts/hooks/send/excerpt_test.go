package send

import (
	"strings"
	"testing"

	"monitord/alerts/hooks/hooktest"
)

func TestExcerpt(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " a\n\tb ": "a b", "\x1b[31mred\x00": "�[31mred�", "\xffx": "�x",
	} {
		hooktest.Equal(t, in, excerpt(in), want)
		hooktest.Equal(t, in, excerptEnd(in), want)
	}
	long := strings.Repeat("é", 5000)
	if s := excerpt(long); len(s) > excerptBytes+10 || !strings.HasSuffix(s, "é…") {
		t.Errorf("beginning: %d bytes", len(s))
	}
	if s := excerptEnd(long + "end"); len(s) > excerptBytes+10 || !strings.HasSuffix(s, "éend") {
		t.Errorf("end: %d bytes", len(s))
	}
}
