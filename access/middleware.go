package access

import (
	"context"
	"errors"
	"net"
	"net/http"
)

type remoteKey struct{}

// ConnContext is for [net/http.Server.ConnContext]: it keeps the peer's address
// for the middleware, since Request.RemoteAddr does not tell a Unix socket.
func ConnContext(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, remoteKey{}, c.RemoteAddr())
}

// Middleware asks the policy about every request before next sees it, and tells
// refused about those that it does not get to see.
func (p *Policy) Middleware(next http.Handler, refused func(*Refusal)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		remote, _ := r.Context().Value(remoteKey{}).(net.Addr)
		err := p.Admit(Request{Method: r.Method, Path: r.URL.Path, Host: r.Host, Header: r.Header, Remote: remote, Secure: r.TLS != nil})
		var why *Refusal
		if errors.As(err, &why) {
			refused(why)
			http.Error(w, why.Reason, why.Status)
			return
		}
		if p.shareWith(w, r) {
			return
		}
		next.ServeHTTP(w, r)
	})
}

// shareWith lets a page at an allowed origin read the answer (the CORS protocol
// of the Fetch standard), and answers its preflight, in which case it returns
// true. The daemon's own page needs none of it.
func (p *Policy) shareWith(w http.ResponseWriter, r *http.Request) bool {
	if len(p.origins) == 0 {
		return false
	}
	h := w.Header()
	h.Add("Vary", "Origin")
	o, ok := parseOrigin(r.Header.Get("Origin"))
	if !ok || !p.origins[o.String()] {
		return false
	}
	h.Set("Access-Control-Allow-Origin", r.Header.Get("Origin"))
	h.Set("Access-Control-Expose-Headers", "Retry-After")
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	h.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT")
	h.Set("Access-Control-Allow-Headers", "Content-Type, Last-Event-ID, Cache-Control")
	h.Set("Access-Control-Max-Age", "600")
	w.WriteHeader(http.StatusNoContent)
	return true
}
