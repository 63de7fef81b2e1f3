package send

import (
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzAnswers(f *testing.F) {
	f.Add("120", "text")
	f.Add("Fri, 21 Nov 2025 00:01:00 GMT", "\x1b]0;title\a")
	f.Fuzz(func(t *testing.T, header, body string) {
		if d := retryAfter(header, time.Now()); d < 0 || d > maxRetryAfter {
			t.Errorf("%q: %v", header, d)
		}
		for _, s := range []string{excerpt(body), excerptEnd(body)} {
			if len(s) > excerptBytes+len("…") || !utf8.ValidString(s) {
				t.Errorf("%q became %q", body, s)
			}
		}
	})
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2025, 11, 21, 0, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "120": 2 * time.Minute, "-5": 0, "soon": 0, "99999999999999": maxRetryAfter, "9999999999999999999999": 0,
		"Fri, 21 Nov 2025 00:01:00 GMT": time.Minute, "Thu, 20 Nov 2025 00:01:00 GMT": 0, "Fri, 21 Nov 2099 00:01:00 GMT": maxRetryAfter,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}
