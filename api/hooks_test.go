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

func (f *fakeRunner) Retry(_ context.Context, name string, seq uint64) (int, error) {
	if seq != 0 && seq != 7 {
		return 0, hooks.ErrNoDelivery
	}
	return 1, nil
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

// TestHooksBody: a body is read as a form up to a bound. One that cannot be read
// does not pass for one that asks for everything.
func TestHooksBody(t *testing.T) {
	handler := Hooks(&fakeRunner{}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	for _, c := range []struct {
		kind, body string
		code       int
	}{
		{"application/x-www-form-urlencoded", "seq=8", 404},
		{"application/x-www-form-urlencoded", "seq=7&x=" + strings.Repeat("x", 2*maxQueryForm), 400},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"seq\"\r\n\r\n8\r\n--b--\r\n", 404},
		{"multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"x\"\r\n\r\n" + strings.Repeat("x", 2*maxQueryForm), 400},
	} {
		r := httptest.NewRequest("POST", "/api/v1/hooks/ops/retry", strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != c.code {
			t.Errorf("%s: %d %s", c.kind, w.Code, w.Body)
		}
	}
}
