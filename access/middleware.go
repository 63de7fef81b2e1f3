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

// Middleware asks the policy about every request before next sees it.
func (p *Policy) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		remote, _ := r.Context().Value(remoteKey{}).(net.Addr)
		err := p.Admit(Request{Method: r.Method, Path: r.URL.Path, Host: r.Host, Header: r.Header, Remote: remote})
		var refused *Refusal
		if errors.As(err, &refused) {
			http.Error(w, refused.Reason, refused.Status)
			return
		}
		next.ServeHTTP(w, r)
	})
}
