package hooks

import (
	"testing"
	"time"
	"unicode/utf8"
)

func FuzzProgress(f *testing.F) {
	for _, seed := range []string{`{"after":7}`, `{"after":18446744073709551615,"open":[{"seq":3,"attempts":-1,"since":-9}]}`, `[]`, `{"open":[{},{}]}`} {
		f.Add([]byte(seed))
	}
	log, _ := openLog(f, f.TempDir())
	write(f, log, firing("A"), firing("B"), resolved("A"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseProgress(b)
		if err != nil {
			return
		}
		h := newHook(with("ops", &fake{}))
		now := time.Now()
		if err := h.restore(log, p, now); err != nil {
			t.Fatal(err)
		}
		if again := h.progress(); again.After > log.Last() || len(again.Open) > 3 {
			t.Fatalf("%s became %+v", b, again)
		}
		h.target = 0
		for h.next(now) != nil {
		}
	})
}

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
