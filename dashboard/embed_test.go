package dashboard

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func site() *page {
	return newPage(fstest.MapFS{
		".gitkeep":             {},
		"index.html":           {Data: []byte("<!doctype html><title>page</title>" + strings.Repeat(" ", 500))},
		"assets/index-AbCd.js": {Data: bytes.Repeat([]byte("console.log(1);"), 200)},
		"favicon.svg":          {Data: []byte("<svg/>")},
	})
}

func get(h http.Handler, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestServe(t *testing.T) {
	const forever = "public, max-age=31536000, immutable"
	for _, c := range []struct {
		method, path, accept string
		status               int
		kind, cache, coding  string
	}{
		{"GET", "/", "", 200, "text/html; charset=utf-8", "no-cache", ""},
		{"GET", "/", "gzip, br", 200, "text/html; charset=utf-8", "no-cache", "gzip"},
		{"GET", "/index.html", "*", 200, "text/html; charset=utf-8", "no-cache", "gzip"},
		{"GET", "/assets/index-AbCd.js", "br;q=1, gzip;q=0.5", 200, "text/javascript; charset=utf-8", forever, "gzip"},
		{"GET", "/assets/index-AbCd.js", "gzip;q=0, *", 200, "text/javascript; charset=utf-8", forever, ""},
		{"HEAD", "/assets/index-AbCd.js", "", 200, "text/javascript; charset=utf-8", forever, ""},
		{"GET", "/favicon.svg", "gzip", 200, "image/svg+xml", "no-cache", ""},
		{"GET", "/.gitkeep", "", 404, "text/plain; charset=utf-8", "no-cache", ""},
		{"GET", "/../embed.go", "", 404, "text/plain; charset=utf-8", "no-cache", ""},
		{"POST", "/", "", 405, "text/plain; charset=utf-8", "", ""},
	} {
		r := get(site(), c.method, c.path, "Accept-Encoding", c.accept)
		h := r.Header
		if r.StatusCode != c.status || h.Get("Content-Type") != c.kind || h.Get("Cache-Control") != c.cache || h.Get("Content-Encoding") != c.coding {
			t.Errorf("%s %s (%s) = %d %v", c.method, c.path, c.accept, r.StatusCode, h)
		}
		if !strings.Contains(h.Get("Content-Security-Policy"), "script-src 'self'") || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s lacks its protection: %v", c.method, c.path, h)
		}
	}
}

func TestPackedIsTheSame(t *testing.T) {
	r := get(site(), "GET", "/assets/index-AbCd.js", "Accept-Encoding", "gzip")
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(z)
	if err != nil || string(body) != strings.Repeat("console.log(1);", 200) {
		t.Errorf("unpacked %d bytes, %v", len(body), err)
	}
}

func TestNotModified(t *testing.T) {
	plain := get(site(), "GET", "/").Header.Get("ETag")
	packed := get(site(), "GET", "/", "Accept-Encoding", "gzip").Header.Get("ETag")
	if plain == packed {
		t.Errorf("both representations are called %s", plain)
	}
	for _, c := range []struct {
		etag, accept string
		status       int
	}{
		{plain, "", 304}, {packed, "gzip", 304}, {plain, "gzip", 200}, {`"x", W/` + plain, "", 304}, {"*", "", 304}, {`"x"`, "", 200},
	} {
		if r := get(site(), "GET", "/", "If-None-Match", c.etag, "Accept-Encoding", c.accept); r.StatusCode != c.status {
			t.Errorf("If-None-Match %s, accepting %q = %d, want %d", c.etag, c.accept, r.StatusCode, c.status)
		}
	}
}

func TestUnbuilt(t *testing.T) {
	r := get(newPage(fstest.MapFS{".gitkeep": {}}), "GET", "/")
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != 200 || !strings.Contains(string(body), "make build") {
		t.Errorf("a binary without the page serves %d %s", r.StatusCode, body)
	}
}

func TestHandlerServesWhatIsEmbedded(t *testing.T) {
	if r := get(Handler(), "GET", "/"); r.StatusCode != 200 {
		t.Errorf("/ = %d", r.StatusCode)
	}
}
