//go:build outside

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A receiver that checks as the README has it takes what the daemon sent, and
// nothing else.
func TestOutsideSignature(t *testing.T) {
	t.Parallel()
	type call struct{ header, body string }
	calls := make(chan call, 16)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		calls <- call{r.Header.Get("X-Monitord-Signature"), readAll(t, r.Body)}
	}))
	defer receiver.Close()
	startDaemon(t, daemonDir(t, fmt.Sprintf(`
[[alerts.rules]]
name = "Grüß"
expr = "vector(1)"
[[alerts.hooks]]
name = "web"
type = "webhook"
url = %q
secret = "hunter2"
`, receiver.URL)))
	c := <-calls
	for _, try := range []struct{ secret, header, body, want string }{
		{"hunter2", c.header, c.body, "True\n"},
		{"hunter3", c.header, c.body, "False\n"},
		{"hunter2", c.header, c.body + " ", "False\n"},
		{"hunter2", "t=2" + c.header[3:], c.body, "False\n"},
	} {
		program := signaturePython + "\nimport sys\nprint(genuine(sys.argv[1].encode(), sys.argv[2], sys.stdin.buffer.read()))\n"
		if got := outside(t, try.body, "/usr/bin/python3", "-c", program, try.secret, try.header); got != try.want {
			t.Errorf("%.60q: %s", try, got)
		}
	}
}
