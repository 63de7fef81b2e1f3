package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
)

func TestJournalPriorities(t *testing.T) {
	t.Setenv("JOURNAL_STREAM", "8:1")
	var b bytes.Buffer
	log := newLogger(&b, "text", new(slog.LevelVar)).With("part", "x")
	log.Debug("hidden")
	log.Info("one")
	log.Warn("two")
	log.Error("three\nlines")
	want := "<6>msg=one part=x\n<4>msg=two part=x\n<3>msg=\"three\\nlines\" part=x\n"
	if b.String() != want {
		t.Errorf("got\n%s, want\n%s", b.String(), want)
	}
}

func TestLogFormatsAndLevel(t *testing.T) {
	t.Setenv("JOURNAL_STREAM", "")
	level := new(slog.LevelVar)
	var b bytes.Buffer
	log := newLogger(&b, "json", level)
	log.Debug("hidden")
	level.Set(slog.LevelDebug)
	log.Debug("seen", "n", 1)
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil || line["msg"] != "seen" || line["level"] != "DEBUG" {
		t.Errorf("got %q, %v", b.String(), err)
	}
	b.Reset()
	newLogger(&b, "text", level).Info("words")
	if !strings.HasPrefix(b.String(), "time=") || !strings.Contains(b.String(), "level=INFO msg=words") {
		t.Errorf("got %q", b.String())
	}
}
