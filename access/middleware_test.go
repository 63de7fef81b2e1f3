package access

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestMiddlewareSharesWithAllowedOriginsOnly(t *testing.T) {
	p, err := New(Config{AllowedOrigins: []string{"https://wall.example.com"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	told := map[string]int{}
	h := p.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }),
		func(why *Refusal) { told[why.Why]++ })
	for _, tt := range []struct {
		method, origin string
		preflight      bool
		status         int
		allowed        string
	}{
		{"GET", "https://wall.example.com", false, http.StatusTeapot, "https://wall.example.com"},
		{"POST", "https://wall.example.com", false, http.StatusTeapot, "https://wall.example.com"},
		{"OPTIONS", "https://wall.example.com", true, http.StatusNoContent, "https://wall.example.com"},
		{"GET", "http://localhost", false, http.StatusTeapot, ""},
		{"GET", "", false, http.StatusTeapot, ""},
		{"GET", "https://evil.example", false, http.StatusForbidden, ""},
		{"OPTIONS", "https://evil.example", true, http.StatusForbidden, ""},
	} {
		r := httptest.NewRequest(tt.method, "http://localhost/api/v1/query", nil)
		if tt.origin != "" {
			r.Header.Set("Origin", tt.origin)
		}
		if tt.preflight {
			r.Header.Set("Access-Control-Request-Method", "POST")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Header().Get("Access-Control-Allow-Origin") != tt.allowed {
			t.Errorf("%s from %q: status %d, allowed %q, want %d, %q", tt.method, tt.origin, w.Code, w.Header().Get("Access-Control-Allow-Origin"), tt.status, tt.allowed)
		}
	}
	if told["origin"] != 2 || len(told) != 1 {
		t.Errorf("told about %v, want two of their origin", told)
	}
}
