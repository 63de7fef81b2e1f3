package history

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
)

// storageLog returns the logger for the storage. It tells much that is of no use
// to whoever runs the daemon: what it calls information is for debugging. Its
// errors are counted, because for some of them a line in the log is the only sign.
func storageLog(log *slog.Logger, errs *atomic.Uint64) *slog.Logger {
	return slog.New(&storageHandler{Handler: log.Handler(), errs: errs, said: &said{at: make(map[string]time.Time)}}).With("component", "tsdb")
}

type storageHandler struct {
	slog.Handler
	errs *atomic.Uint64
	said *said
}

// repeatAfter is how long the storage may not say the same again: on a full
// disk it would, with every commit.
const repeatAfter = 10 * time.Minute

// A said remembers when each message was logged. The storage's messages are
// constants, so there are few.
type said struct {
	mu sync.Mutex
	at map[string]time.Time
}

func (s *said) lately(msg string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.at[msg]; ok && now.Sub(at) < repeatAfter {
		return true
	}
	s.at[msg] = now
	return false
}

func demote(l slog.Level) slog.Level {
	if l < slog.LevelWarn {
		return slog.LevelDebug
	}
	return l
}

func (h *storageHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelError || h.Handler.Enabled(ctx, demote(l))
}

func (h *storageHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		h.errs.Add(1)
	}
	r.Level = demote(r.Level)
	if !h.Handler.Enabled(ctx, r.Level) || r.Level >= slog.LevelWarn && h.said.lately(r.Message, r.Time) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h *storageHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &storageHandler{Handler: h.Handler.WithAttrs(attrs), errs: h.errs, said: h.said}
}

func (h *storageHandler) WithGroup(name string) slog.Handler {
	return &storageHandler{Handler: h.Handler.WithGroup(name), errs: h.errs, said: h.said}
}

// A withheld keeps the warnings and errors of an attempt until it is known that the
// attempt is what counts.
type withheld struct {
	mu   sync.Mutex
	all  []func()
	told bool
}

// from returns a logger that passes on what is no warning at once.
func (w *withheld) from(log *slog.Logger) *slog.Logger {
	return slog.New(&withholding{Handler: log.Handler(), by: w})
}

// tell passes on what was kept, and from now on everything at once.
func (w *withheld) tell() {
	w.mu.Lock()
	all := w.all
	w.all, w.told = nil, true
	w.mu.Unlock()
	for _, say := range all {
		say()
	}
}

type withholding struct {
	slog.Handler
	by *withheld
}

func (h *withholding) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelWarn {
		h.by.mu.Lock()
		defer h.by.mu.Unlock()
		if !h.by.told {
			h.by.all = append(h.by.all, func() { _ = h.Handler.Handle(context.WithoutCancel(ctx), r.Clone()) })
			return nil
		}
	}
	return h.Handler.Handle(ctx, r)
}

func (h *withholding) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &withholding{Handler: h.Handler.WithAttrs(attrs), by: h.by}
}

func (h *withholding) WithGroup(name string) slog.Handler {
	return &withholding{Handler: h.Handler.WithGroup(name), by: h.by}
}
