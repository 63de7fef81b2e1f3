package stream

import (
	"bufio"
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// What is recognized is a handshake to net/http as well, and means the same.
func FuzzRecognize(f *testing.F) {
	for _, request := range knocks() {
		f.Add([]byte(request))
	}
	e := &Engine{o: Options{Protocols: []string{"a.v1"}}}
	f.Fuzz(func(t *testing.T, b []byte) {
		end := headEnd(b, 0)
		for seen := range min(len(b), 64) {
			if again := headEnd(b, seen); again != end && seen < end-1 {
				t.Fatalf("the head ends at %d, or at %d if seen up to %d", end, again, seen)
			}
		}
		if end == 0 || end > maxHead {
			return
		}
		original := bytes.Clone(b)
		var k knock
		if !k.recognize(b[:end], "") {
			return
		}
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if r.Method != "GET" || r.URL.Path != string(k.path) || r.URL.RawQuery != string(k.query) || r.Host != string(k.host) ||
			r.Proto != "HTTP/1.1" || r.ContentLength != 0 || len(r.TransferEncoding) > 0 || r.UserAgent() != string(k.agent) {
			t.Errorf("%q: %+v", b, r)
		}
		if !hasToken(r.Header["Upgrade"], "websocket") || !hasToken(r.Header["Connection"], "upgrade") ||
			r.Header.Get("Sec-Websocket-Version") != "13" || !isKey(r.Header.Get("Sec-Websocket-Key")) {
			t.Errorf("%q: %v", b, r.Header)
		}
		for name, values := range k.header() {
			if strings.Join(r.Header[name], "\n") != strings.Join(values, "\n") {
				t.Errorf("%s: %q, not %q", name, values, r.Header[name])
			}
		}
		n, ok := e.choose(r.Header["Sec-Websocket-Protocol"])
		extensions, fine := negotiate(r.Header["Sec-Websocket-Extensions"])
		if _, has := r.Header["Sec-Websocket-Extensions"]; has != (k.extensions != nil) {
			t.Errorf("%q: extensions %q", b, k.extensions)
		}
		if ok && fine {
			s := &shard{e: e}
			s.talk.init()
			if answer, ok := s.answer(b[:end], n, extensions); !ok || !bytes.HasPrefix(answer, []byte("HTTP/1.1 101 ")) {
				t.Errorf("%q: answered %q", b, answer)
			}
		}
		if !bytes.Equal(b, original) {
			t.Errorf("%q has become %q", original, b)
		}
	})
}
