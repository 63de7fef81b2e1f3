package hooktest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// runs returns which of the groups have members that run. Orphans that were
// killed and that process 1 has not collected yet run no more.
func runs(t testing.TB, groups map[string]bool) []string {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // gone meanwhile
		}
		// proc_pid_stat(5): pid (comm) state ppid pgrp
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if groups[fields[2]] && fields[0] != "Z" {
			left = append(left, fields[2])
		}
	}
	return left
}

// NoGroup fails the test if, within a deadline, the groups in the file do not end.
func NoGroup(t testing.TB, pidFile string) {
	t.Helper()
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	groups := make(map[string]bool)
	for _, group := range strings.Fields(string(b)) {
		groups[group] = true
	}
	deadline := time.Now().Add(time.Minute)
	for left := runs(t, groups); len(left) > 0; left = runs(t, groups) {
		if time.Now().After(deadline) {
			t.Fatalf("groups live on: %v", left)
		}
		<-time.After(5 * time.Millisecond)
	}
}

// Begun returns when a program has written its group to the file, or the context
// ends; it says which.
func Begun(ctx context.Context, pidFile string) bool {
	look := time.NewTicker(2 * time.Millisecond)
	defer look.Stop()
	for {
		if info, err := os.Stat(pidFile); err == nil && info.Size() > 0 {
			return true
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return false
		}
	}
}

// Script writes a shell script that can be started, and returns its path.
func Script(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}
