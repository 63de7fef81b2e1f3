package main

import (
	"testing"
	"time"
)

func TestFollowNoticesWhatIsMissingAndWhatComesTwice(t *testing.T) {
	h := &herd{resumption: resumption{back: map[int64]int{}}}
	c := &conn{herd: h}
	for _, m := range []string{
		`{"op":"hello","version":"1","instance":"a","epoch":"e1","interval":1000,"t":1,"seq":1}`,
		`{"op":"samples","sub":1,"rev":1,"t":1000,"v":[1]}`,
		`{"op":"alert","sub":2,"seq":7,"t":1000,"event":"firing","current":true,`,
		`{"op":"alert","sub":2,"seq":8,"t":1000,"event":"firing",`,
		`{"op":"samples","sub":1,"rev":1,"t":2000,"v":[1]}`,
		`{"op":"samples","sub":1,"rev":1,"t":2000,"v":[1]}`, // twice
		`{"op":"samples","sub":1,"rev":1,"t":4000,"v":[1]}`, // 3000 is missing
		`{"op":"gap","sub":1,"from":5000,"to":9000,"missed":5,"reason":"down"}`,
		`{"op":"samples","sub":1,"rev":1,"t":10000,"v":[1]}`,
		`{"op":"alert","sub":2,"seq":10,"t":1000,"event":"firing",`, // 9 is missing
		`{"op":"alert","sub":2,"seq":10,"t":1000,"event":"firing",`, // twice
	} {
		h.follow(c, []byte(m))
	}
	r := h.resumption
	if r.holes != 2 || r.repeats != 2 || r.gaps != 1 || r.epoch != "e1" || c.place.tick != 10000 || c.place.seq != 10 {
		t.Errorf("%+v, %+v", r, c.place)
	}
	h.path = "/s?query=a"
	if got, want := string(h.requestOf(c)[:51]), "GET /s?query=a&from=10001&after=10&epoch=e1 HTTP/1."; got != want {
		t.Errorf("comes back with %q, want %q", got, want)
	}
}

func TestRetryIn(t *testing.T) {
	for body, want := range map[string]time.Duration{
		"\x03\xe9shutting down retry=1250": 1250 * time.Millisecond,
		"\x03\xe9shutting down":            0,
		"\x03\xe9retry=":                   0,
		"\x03\xe9retry=x":                  0,
	} {
		if got := retryIn([]byte(body)); got != want {
			t.Errorf("%q: %v, want %v", body, got, want)
		}
	}
}
