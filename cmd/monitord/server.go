package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"monitord/access"
	"monitord/stream"
)

const (
	// net/http reads up to 4 KiB more than MaxHeaderBytes: 16 KiB in all.
	maxHeaderBytes = 12 << 10
	maxBodyBytes   = 1 << 20
)

// newServer returns the HTTP server of every listener. What a peer may draw out
// is bounded: header, body, answer, idleness. A hijacked connection is the
// stream engine's, with its own bounds.
func newServer(h http.Handler, handshakeTimeout time.Duration, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // the stream takes connections over, which HTTP/2 has none of
	return &http.Server{
		Protocols:         protocols,
		Handler:           http.MaxBytesHandler(h, maxBodyBytes),
		ReadHeaderTimeout: handshakeTimeout,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       75 * time.Second,
		MaxHeaderBytes:    maxHeaderBytes,
		ConnContext:       access.ConnContext,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// serve runs the server on every listener until ctx ends, then lets requests in
// flight finish for a second. It returns when all listeners are closed.
func serve(ctx context.Context, s *http.Server, listeners []net.Listener) error {
	errs := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { errs <- s.Serve(l) }()
	}
	var first error
	left := len(listeners)
	select {
	case <-ctx.Done():
	case err := <-errs:
		left--
		first = fmt.Errorf("serve: %w", err)
	}
	grace, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := s.Shutdown(grace); err != nil {
		s.Close()
	}
	for ; left > 0; left-- {
		<-errs
	}
	if errors.Is(first, http.ErrServerClosed) {
		return nil
	}
	return first
}

// routes is what the daemon answers. The policy stands before all of them, and
// can be replaced while they serve.
type routes struct {
	policy atomic.Pointer[access.Policy]
	ready  atomic.Bool
	reload func() (needRestart []string, err error)
	// refused counts requests that the policy did not let through, on either way in:
	// a handshake that the engine does not admit ends here too.
	refused struct{ host, origin, crossSite atomic.Uint64 }
}

func (r *routes) handler(mux *http.ServeMux) http.Handler {
	alive := func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "monitord is alive.")
	}
	ready := func(w http.ResponseWriter, _ *http.Request) {
		if !r.ready.Load() {
			http.Error(w, "monitord is starting: the first tick is not stored yet.", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "monitord is ready.")
	}
	reload := func(w http.ResponseWriter, _ *http.Request) {
		waiting, err := r.reload()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, "reloaded")
		for _, key := range waiting {
			fmt.Fprintf(w, "a change of %s needs a restart, the old value stays in force\n", key)
		}
	}
	mux.Handle("/healthz", only(http.HandlerFunc(alive), http.MethodGet, http.MethodHead))
	mux.Handle("/-/healthy", only(http.HandlerFunc(alive), http.MethodGet, http.MethodHead))
	mux.Handle("/readyz", only(http.HandlerFunc(ready), http.MethodGet, http.MethodHead))
	mux.Handle("/-/ready", only(http.HandlerFunc(ready), http.MethodGet, http.MethodHead))
	mux.Handle("/-/reload", only(http.HandlerFunc(reload), http.MethodPost, http.MethodPut))
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r.policy.Load().Middleware(mux, r.count).ServeHTTP(w, req)
	})
}

func (r *routes) count(why *access.Refusal) {
	switch why.Why {
	case "host":
		r.refused.host.Add(1)
	case "origin":
		r.refused.origin.Add(1)
	default:
		r.refused.crossSite.Add(1)
	}
}

// streamPath is where the stream is, on both ways in.
const streamPath = "/api/v1/stream"

var unixPeer = &net.UnixAddr{Net: "unix"}

// admit asks the policy about who comes in without passing the middleware.
func (r *routes) admit(c *stream.Candidate) error {
	var remote net.Addr = unixPeer
	if c.Remote.IsValid() {
		remote = &net.TCPAddr{IP: c.Remote.AsSlice(), Zone: c.Remote.Zone()}
	}
	return r.policy.Load().Admit(access.Request{Method: c.Method, Path: c.Path, Host: c.Host, Header: c.Header, Remote: remote})
}

// takeOver has the engine accept the connections of every listener. Those that
// do not ask for the stream come out of the listeners that it returns. With a
// certificate TCP is secured; who reaches a Unix socket is on this host.
func takeOver(e *stream.Engine, listeners []net.Listener, cert *certificate) ([]net.Listener, error) {
	fronts := make([]net.Listener, 0, len(listeners))
	for _, l := range listeners {
		var front net.Listener
		var err error
		if cert != nil && l.Addr().Network() != "unix" {
			front, err = e.ListenTLS(l, &tls.Config{GetCertificate: cert.get})
		} else {
			front, err = e.Listen(l)
		}
		if err != nil {
			for _, f := range fronts {
				f.Close()
			}
			return nil, err
		}
		fronts = append(fronts, front)
	}
	return fronts, nil
}

// only lets a handler see requests of the given methods. The page answers all
// paths that nothing else does, so the mux itself never says that a method is
// wrong.
func only(h http.Handler, methods ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(methods, r.Method) {
			w.Header().Set("Allow", strings.Join(methods, ", "))
			http.Error(w, "this path takes "+strings.Join(methods, ", "), http.StatusMethodNotAllowed)
			return
		}
		h.ServeHTTP(w, r)
	})
}
