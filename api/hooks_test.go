package api

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"monitord/alerts/hooks"
)

// fakeRunner knows one hook, ops, with one delivery, 7.
type fakeRunner struct{ tested hooks.Test }

func (f *fakeRunner) List(_ context.Context, name string) ([]hooks.Status, error) {
	if name != "" && name != "ops" {
		return nil, fmt.Errorf("list hooks: %w", hooks.ErrNoHook)
	}
	return []hooks.Status{{Name: "ops", Waiting: []hooks.Waiting{}, Dead: []hooks.DeadLetter{{Error: "no"}}}}, nil
}

func (f *fakeRunner) Retry(_ context.Context, name string, seq uint64) (hooks.Retried, error) {
	switch {
	case name == "busy":
		return hooks.Retried{}, hooks.ErrBehind
	case name == "late":
		return hooks.Retried{Retried: 2, Followed: 1, Left: []hooks.Left{{Seq: 3, Reason: "why"}}}, nil
	case seq != 0 && seq != 7:
		return hooks.Retried{}, hooks.ErrNoDelivery
	}
	return hooks.Retried{Retried: 1}, nil
}

func (f *fakeRunner) Test(_ context.Context, name string, t hooks.Test) (hooks.TestResult, error) {
	if name == "busy" {
		return hooks.TestResult{}, hooks.ErrBusy
	}
	f.tested = t
	return hooks.TestResult{Hook: name, Error: "refused"}, nil
}

func TestHooks(t *testing.T) {
	runner := &fakeRunner{}
	handler := Hooks(runner, slog.New(slog.NewTextHandler(io.Discard, nil)))
	for _, c := range []struct {
		method, path string
		code         int
		want         string
	}{
		{"GET", "/api/v1/hooks", 200, `{"status":"success","data":[{"name":"ops",`},
		{"GET", "/api/v1/hooks/ops", 200, `"deadLetters":[{"seq":0,`},
		{"GET", "/api/v1/hooks/nobody", 404, `"errorType":"not_found","error":"list hooks: there is no hook of that name"`},
		{"POST", "/api/v1/hooks/ops/retry", 200, `{"status":"success","data":{"retried":1}}`},
		{"POST", "/api/v1/hooks/ops/retry?seq=7", 200, `"retried":1`},
		{"POST", "/api/v1/hooks/late/retry", 200, `"data":{"retried":2,"followed":1,"left":[{"seq":3,"reason":"why"}]}}`},
		{"POST", "/api/v1/hooks/busy/retry", 503, "try again in a moment"},
		{"POST", "/api/v1/hooks/ops/retry?seq=8", 404, "no delivery of that number"},
		{"POST", "/api/v1/hooks/ops/retry?seq=-1", 400, `invalid parameter \"seq\"`},
		{"POST", "/api/v1/hooks/ops/test?severity=warning&resolved=1", 200, `"error":"refused"`},
		{"POST", "/api/v1/hooks/ops/test?resolved=perhaps", 400, `invalid parameter \"resolved\"`},
		{"POST", "/api/v1/hooks/ops/test?severity=" + strings.Repeat("x", 300), 400, "longer than"},
		{"POST", "/api/v1/hooks/busy/test", 503, "too many tests"},
		{"GET", "/api/v1/hooks/ops/test", 405, ""},
		{"POST", "/api/v1/hooks", 405, ""},
		{"GET", "/api/v1/hooks/ops/else", 404, ""},
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if w.Code != c.code || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, w.Body)
		}
		if w.Code == http.StatusOK && !json.Valid(w.Body.Bytes()) {
			t.Errorf("%s %s: no JSON", c.method, c.path)
		}
	}
	if runner.tested != (hooks.Test{Severity: "warning", Resolved: true}) {
		t.Errorf("tested %+v", runner.tested)
	}
}

// TestHooksBody: a body of any kind is refused and left unread. It does not pass
// for a request that asks for everything.
func TestHooksBody(t *testing.T) {
	handler := Hooks(&fakeRunner{}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	for _, c := range []struct{ kind, body string }{
		{"application/x-www-form-urlencoded", "seq=7"},
		{"application/json", `{"seq":7}`},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"seq\"\r\n\r\n7\r\n--b--\r\n"},
		{"", strings.Repeat("x", 4<<20)},
	} {
		for _, path := range []string{"/api/v1/hooks/ops/retry?seq=7", "/api/v1/hooks/ops/test"} {
			for _, chunked := range []bool{false, true} {
				body := strings.NewReader(c.body)
				r := httptest.NewRequest("POST", path, body)
				r.Header.Set("Content-Type", c.kind)
				if chunked {
					r.ContentLength = -1
				}
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != 400 || !strings.Contains(w.Body.String(), "parameters go in the URL") {
					t.Errorf("%s, %q: %d %s", path, c.kind, w.Code, w.Body)
				}
				if read := len(c.body) - body.Len(); read > 1 {
					t.Errorf("%s, %q: %d bytes were read", path, c.kind, read)
				}
			}
		}
	}
	r := httptest.NewRequest("POST", "/api/v1/hooks/ops/retry?seq=7", strings.NewReader(""))
	r.ContentLength = -1
	w := httptest.NewRecorder()
	if handler.ServeHTTP(w, r); w.Code != 200 {
		t.Errorf("a chunked body of nothing: %d %s", w.Code, w.Body)
	}
}
