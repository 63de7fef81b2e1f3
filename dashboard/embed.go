package dashboard

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// The folder holds a placeholder, so that this compiles before the page is built.
//
//go:embed all:dist
var built embed.FS

// Handler serves the page and its files at the root of a site. It is safe for
// concurrent use; nothing has to be closed.
func Handler() http.Handler {
	dist, err := fs.Sub(built, "dist")
	if err != nil {
		panic(err) // only for a name that is not a path, and this one is a constant
	}
	return newPage(dist)
}

// page is the whole site in memory: path to file. It does not change once made.
type page struct {
	files map[string]file
}

type file struct {
	body, packed []byte // packed is the body through gzip, nil where that saves nothing
	kind         string
	etag         string
	immutable    bool
}

func newPage(dist fs.FS) *page {
	p := &page{files: make(map[string]file)}
	err := fs.WalkDir(dist, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		body, err := fs.ReadFile(dist, name)
		if err != nil {
			return err
		}
		p.files["/"+name] = newFile(name, body)
		return nil
	})
	index, ok := p.files["/index.html"]
	if err != nil || !ok {
		index = newFile("index.html", []byte(unbuilt))
	}
	p.files["/"] = index
	return p
}

// kinds is ours, because a system's own table may call a script something that
// a browser refuses under nosniff.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

func newFile(name string, body []byte) file {
	sum := sha256.Sum256(body)
	f := file{
		body:      body,
		kind:      kinds[path.Ext(name)],
		etag:      `"` + hex.EncodeToString(sum[:8]) + `"`,
		immutable: strings.HasPrefix(name, "assets/"), // the build puts a hash of the content into these names
	}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	if packed := pack(body); len(packed) < len(body)*9/10 {
		f.packed = packed
	}
	return f
}

func pack(body []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return body
	}
	if _, err := w.Write(body); err != nil {
		return body
	}
	if err := w.Close(); err != nil {
		return body
	}
	return b.Bytes()
}

// policy lets the page load and reach its own origin only. Charts set inline
// styles through the DOM, which no directive forbids; markup from strings is
// refused by the browser itself (trusted types), labels cannot become HTML.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "the page can only be read", http.StatusMethodNotAllowed)
		return
	}
	f, ok := p.files[r.URL.Path]
	if !ok {
		h.Set("Cache-Control", "no-cache")
		http.Error(w, fmt.Sprintf("nothing at %q; the dashboard is at /", r.URL.Path), http.StatusNotFound)
		return
	}
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "no-cache")
	if f.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	h.Set("ETag", f.etag)
	body := f.body
	if f.packed != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Values("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			h.Set("ETag", strings.TrimSuffix(f.etag, `"`)+`-gzip"`)
			body = f.packed
		}
	}
	if matches(r.Header.Values("If-None-Match"), h.Get("ETag")) {
		h.Del("Content-Encoding")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = io.Copy(w, bytes.NewReader(body)) // a reader that went away is nobody's fault
}

// acceptsGzip reads Accept-Encoding (RFC 9110, 12.5.3) as far as it concerns
// gzip: named, or covered by *, and not at quality 0.
func acceptsGzip(headers []string) bool {
	star := false
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		name, params, _ := strings.Cut(part, ";")
		name = strings.ToLower(strings.TrimSpace(name))
		if name != "gzip" && name != "*" {
			continue
		}
		key, q, _ := strings.Cut(strings.TrimSpace(params), "=")
		quality, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		refused := strings.EqualFold(strings.TrimSpace(key), "q") && (err != nil || quality <= 0)
		if name == "gzip" {
			return !refused
		}
		star = !refused
	}
	return star
}

func matches(headers []string, etag string) bool {
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == etag || part == "*" {
			return true
		}
	}
	return false
}
