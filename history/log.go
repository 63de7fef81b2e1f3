package history

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// storageLog returns the logger for the storage. It tells much that is of no use
// to whoever runs the daemon: what it calls information is for debugging. Its
// errors are counted, because for some of them a line in the log is the only sign.
func storageLog(log *slog.Logger, errs *atomic.Uint64) *slog.Logger {
	return slog.New(&storageHandler{Handler: log.Handler(), errs: errs}).With("component", "tsdb")
}

type storageHandler struct {
	slog.Handler
	errs *atomic.Uint64
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
	if !h.Handler.Enabled(ctx, r.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h *storageHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &storageHandler{Handler: h.Handler.WithAttrs(attrs), errs: h.errs}
}

func (h *storageHandler) WithGroup(name string) slog.Handler {
	return &storageHandler{Handler: h.Handler.WithGroup(name), errs: h.errs}
}
