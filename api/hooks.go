package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"monitord/alerts/hooks"
)

// HookRunner is what the handlers of hooks ask: a *hooks.Runner.
type HookRunner interface {
	List(ctx context.Context, name string) ([]hooks.Status, error)
	Retry(ctx context.Context, name string, seq uint64) (hooks.Retried, error)
	Test(ctx context.Context, name string, t hooks.Test) (hooks.TestResult, error)
}

// Bounds of what a request about hooks may take.
const (
	askTimeout  = 10 * time.Second
	testTimeout = 100 * time.Second // below what an answer may take in all
	maxSeverity = 256
)

// Hooks returns the handler of /api/v1/hooks and everything below it. Answers are
// in the form of Prometheus' API. Parameters go in the URL, a body is refused. It
// is safe for concurrent use.
//
//	GET  /api/v1/hooks             every hook, what waits and what was given up
//	GET  /api/v1/hooks/NAME        one, with all of its deliveries
//	POST /api/v1/hooks/NAME/retry  tries again now: all or, with seq=N, one
//	POST /api/v1/hooks/NAME/test   sends a test alert: severity=S, resolved=1
func Hooks(r HookRunner, log *slog.Logger) http.Handler {
	h := hookHandler{r, log}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/hooks", h.list)
	mux.HandleFunc("GET /api/v1/hooks/{name}", h.list)
	mux.HandleFunc("POST /api/v1/hooks/{name}/retry", h.retry)
	mux.HandleFunc("POST /api/v1/hooks/{name}/test", h.test)
	return mux
}

type hookHandler struct {
	runner HookRunner
	log    *slog.Logger
}

func (h hookHandler) list(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), askTimeout)
	defer cancel()
	list, err := h.runner.List(ctx, r.PathValue("name"))
	if err != nil {
		h.refuse(w, err)
		return
	}
	if list == nil {
		list = []hooks.Status{}
	}
	writeData(w, h.log, list)
}

// bodiless refuses a request that has a body, of which no more than its first byte
// is read: one that says what to retry, in whatever form, must not pass for one
// that asks for everything. It returns false if it has answered.
func (h hookHandler) bodiless(w http.ResponseWriter, r *http.Request) bool {
	n := r.ContentLength
	if n < 0 {
		var first [1]byte
		read, err := io.ReadFull(r.Body, first[:])
		if read == 0 && !errors.Is(err, io.EOF) {
			writeError(w, h.log, badData, fmt.Errorf("read the body: %w", err))
			return false
		}
		n = int64(read)
	}
	if n > 0 {
		writeError(w, h.log, badData, errors.New("this request takes no body: its parameters go in the URL, such as ?seq=7 or ?severity=warning&resolved=1"))
		return false
	}
	return true
}

func (h hookHandler) retry(w http.ResponseWriter, r *http.Request) {
	if !h.bodiless(w, r) {
		return
	}
	query := r.URL.Query()
	var seq uint64
	if text := query.Get("seq"); text != "" {
		var err error
		if seq, err = strconv.ParseUint(text, 10, 64); err != nil || seq == 0 {
			writeError(w, h.log, badData, invalid("seq", fmt.Errorf("%q is no number of an event", text)))
			return
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), askTimeout)
	defer cancel()
	done, err := h.runner.Retry(ctx, r.PathValue("name"), seq)
	if err != nil {
		h.refuse(w, err)
		return
	}
	writeData(w, h.log, done)
}

func (h hookHandler) test(w http.ResponseWriter, r *http.Request) {
	if !h.bodiless(w, r) {
		return
	}
	query := r.URL.Query()
	t := hooks.Test{Severity: query.Get("severity")}
	if len(t.Severity) > maxSeverity {
		writeError(w, h.log, badData, invalid("severity", fmt.Errorf("longer than %d bytes", maxSeverity)))
		return
	}
	if text := query.Get("resolved"); text != "" {
		var err error
		if t.Resolved, err = strconv.ParseBool(text); err != nil {
			writeError(w, h.log, badData, invalid("resolved", fmt.Errorf("%q is neither 1 nor 0", text)))
			return
		}
	}
	ctx, cancel := context.WithTimeout(r.Context(), testTimeout)
	defer cancel()
	res, err := h.runner.Test(ctx, r.PathValue("name"), t)
	if err != nil {
		h.refuse(w, err)
		return
	}
	writeData(w, h.log, res)
}

func (h hookHandler) refuse(w http.ResponseWriter, err error) {
	kind := timeout // the daemon stops, or has no time
	switch {
	case errors.Is(err, hooks.ErrNoHook), errors.Is(err, hooks.ErrNoDelivery):
		kind = notFound
	case errors.Is(err, hooks.ErrBusy), errors.Is(err, hooks.ErrBehind):
		kind = unavailable
	}
	writeError(w, h.log, kind, err)
}
