package main

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"sync"
)

// newLogger returns a logger on w. level may be changed while it is in use.
// Under systemd (JOURNAL_STREAM is set) each line of the text format begins with
// its priority, as sd-daemon(3) describes, and leaves the time to the journal.
func newLogger(w io.Writer, format string, level *slog.LevelVar) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	if os.Getenv("JOURNAL_STREAM") == "" {
		return slog.New(slog.NewTextHandler(w, opts))
	}
	return slog.New(newJournalHandler(w, opts))
}

// journalHandler writes each record as one line behind its syslog priority.
type journalHandler struct {
	slog.Handler
	out *priorityWriter
}

func newJournalHandler(w io.Writer, opts *slog.HandlerOptions) *journalHandler {
	out := &priorityWriter{w: w}
	opts.ReplaceAttr = func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{}
		}
		return a
	}
	return &journalHandler{slog.NewTextHandler(out, opts), out}
}

func (h *journalHandler) Handle(ctx context.Context, r slog.Record) error {
	h.out.mu.Lock()
	defer h.out.mu.Unlock()
	switch {
	case r.Level >= slog.LevelError:
		h.out.priority = "<3>"
	case r.Level >= slog.LevelWarn:
		h.out.priority = "<4>"
	case r.Level >= slog.LevelInfo:
		h.out.priority = "<6>"
	default:
		h.out.priority = "<7>"
	}
	return h.Handler.Handle(ctx, r)
}

func (h *journalHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &journalHandler{h.Handler.WithAttrs(attrs), h.out}
}

func (h *journalHandler) WithGroup(name string) slog.Handler {
	return &journalHandler{h.Handler.WithGroup(name), h.out}
}

// priorityWriter puts the priority of the record being handled before it.
type priorityWriter struct {
	mu       sync.Mutex // held by journalHandler.Handle around the write
	w        io.Writer
	priority string
}

func (p *priorityWriter) Write(line []byte) (int, error) {
	var b bytes.Buffer
	b.WriteString(p.priority)
	b.Write(line)
	if _, err := p.w.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(line), nil
}
