package hooks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// script writes an executable program and returns a sender for it.
func script(t testing.TB, text string, args ...string) *execSender {
	t.Helper()
	path := filepath.Join(t.TempDir(), "hook")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o700); err != nil {
		t.Fatal(err)
	}
	return &execSender{command: append([]string{path}, args...), instance: "web1"}
}

func limited(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

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

// noGroup fails the test if, within a deadline, the groups in the file do not end.
func noGroup(t testing.TB, pidFile string) {
	t.Helper()
	b, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	groups := make(map[string]bool)
	for _, group := range strings.Fields(string(b)) {
		groups[group] = true
	}
	deadline := time.Now().Add(10 * time.Second)
	for left := runs(t, groups); len(left) > 0; left = runs(t, groups) {
		if time.Now().After(deadline) {
			t.Fatalf("groups live on: %v", left)
		}
		<-time.After(5 * time.Millisecond)
	}
}

func TestExecGetsAll(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MONITORD_SERVER_TOKEN", "hidden")
	t.Setenv("NOTIFY_SOCKET", "/hidden")
	t.Setenv("HOOK_TEST_OWN", "seen")
	s := script(t, `cat > "$1/stdin"; shift; env > "$0.env"; printf '%s\n' "$@" > "$0.args"`, dir, "a b", "$(touch x)", "*")
	m := messageOf(t, golden())
	if o := s.send(limited(t, 30*time.Second), m); o.err != nil {
		t.Fatal(o.err)
	}
	stdin, _ := os.ReadFile(filepath.Join(dir, "stdin"))
	equal(t, "standard input", string(stdin), string(m.body))
	args, _ := os.ReadFile(s.command[0] + ".args")
	equal(t, "arguments", string(args), "a b\n$(touch x)\n*\n")
	env, _ := os.ReadFile(s.command[0] + ".env")
	for _, want := range []string{
		"MONITORD_ALERT_NAME=DiskFull", "MONITORD_ALERT_STATUS=firing", "MONITORD_ALERT_SEVERITY=critical",
		"MONITORD_ALERT_VALUE=93.5", "MONITORD_ALERT_INSTANCE=web1", "MONITORD_ALERT_STARTS_AT=2025-11-21T00:00:00Z",
		"MONITORD_ALERT_FINGERPRINT=" + m.newest().Alert.Fingerprint, "MONITORD_ALERT_SEQ=1042",
		"MONITORD_ALERT_SUMMARY=DiskFull is on fire", "MONITORD_ALERT_COUNT=1", "HOOK_TEST_OWN=seen",
	} {
		if !strings.Contains("\n"+string(env), "\n"+want+"\n") {
			t.Errorf("no %s in\n%s", want, env)
		}
	}
	if strings.Contains(string(env), "hidden") {
		t.Errorf("the daemon's own variables are in\n%s", env)
	}
}

func TestExecFails(t *testing.T) {
	for text, want := range map[string]string{
		"echo out of paper >&2; exit 3": "exit status 3: out of paper",
		"kill -9 $$":                    "signal: killed",
		"exit 1":                        "exit status 1",
	} {
		o := script(t, text).send(limited(t, 30*time.Second), messageOf(t, golden()))
		if o.err == nil || o.err.Error() != want || o.permanent {
			t.Errorf("%s: %v", text, o.err)
		}
	}
	o := (&execSender{command: []string{"/does/not/exist"}}).send(limited(t, time.Second), messageOf(t, golden()))
	if o.err == nil || o.err.Error() != "start /does/not/exist: no such file or directory" {
		t.Errorf("missing: %v", o.err)
	}
}

// TestExecEndsAsGroup: programs that hang, ignore signals, fork, leave children
// behind or flood are gone when the attempt is, within the limit and a second.
func TestExecEndsAsGroup(t *testing.T) {
	const limit = 300 * time.Millisecond
	for _, c := range []struct {
		name, text string
		ok         bool
	}{
		{"hangs", "sleep 1000", false},
		{"ignores signals", "trap '' TERM INT HUP; while :; do sleep 1000; done", false},
		{"does not read", "exec sleep 1000 < /dev/null", false},
		{"forks and hangs", "for i in 1 2 3 4 5; do (trap '' TERM; sleep 1000) & done; wait", false},
		{"leaves children behind", "sleep 1000 & sleep 1000 & exit 0", true},
		{"leaves children that ignore signals", "(trap '' TERM HUP; sleep 1000; sleep 1000) & exit 0", true},
		{"floods", "yes", false},
		{"floods and forks", "yes & yes & wait", false},
		{"floods and ends", "head -c 5000000 /dev/zero | tr '\\0' x", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			pids := filepath.Join(t.TempDir(), "pids")
			s := script(t, "echo $$ > "+pids+"\n"+c.text)
			wait := limit
			if c.ok {
				wait = 20 * time.Second
			}
			begun := time.Now()
			o := s.send(limited(t, wait), messageOf(t, golden()))
			if took := time.Since(begun); took > wait+10*time.Second {
				t.Errorf("took %v", took)
			}
			if (o.err == nil) != c.ok || (!c.ok && o.err != errTimeout && !strings.HasPrefix(o.err.Error(), errTimeout.Error())) {
				t.Errorf("outcome %v", o.err)
			}
			noGroup(t, pids)
		})
	}
	// All children have been waited for.
	if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		t.Errorf("a child is left: %d, %v", pid, err)
	}
}

// TestExecEscaped: a program that leaves the group is not waited for beyond its output.
func TestExecEscaped(t *testing.T) {
	if _, err := exec.LookPath("setsid"); err != nil {
		t.Fatal(err)
	}
	pids := filepath.Join(t.TempDir(), "pids")
	s := script(t, "setsid sh -c 'echo $$ > "+pids+".tmp; mv "+pids+".tmp "+pids+"; exec sleep 1000' &\nwhile [ ! -e "+pids+" ]; do :; done")
	o := s.send(limited(t, 20*time.Second), messageOf(t, golden()))
	if o.err != nil {
		t.Error(o.err)
	}
	b, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	escaped, err := strconv.Atoi(string(bytes.TrimSpace(b)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(escaped, syscall.SIGKILL); err != nil {
		t.Error(err)
	}
}

func TestTail(t *testing.T) {
	for _, sizes := range [][]int{{1}, {10}, {11}, {3, 3, 3, 3}, {25, 4}, {9, 1, 1}, {0}, {100}, {7, 30, 2}} {
		out := &tail{max: 10}
		var all []byte
		for i, n := range sizes {
			p := bytes.Repeat([]byte{byte('a' + i)}, n)
			for k := range p {
				p[k] += byte(k % 7)
			}
			all = append(all, p...)
			if m, err := out.Write(p); m != n || err != nil {
				t.Fatalf("Write = %d, %v", m, err)
			}
		}
		equal(t, fmt.Sprint(sizes), out.String(), string(all[max(0, len(all)-10):]))
	}
}

func TestExcerpt(t *testing.T) {
	for in, want := range map[string]string{
		"": "", " a\n\tb ": "a b", "\x1b[31mred\x00": "�[31mred�", "\xffx": "�x",
	} {
		equal(t, in, excerpt(in), want)
		equal(t, in, excerptEnd(in), want)
	}
	long := strings.Repeat("é", 5000)
	if s := excerpt(long); len(s) > excerptBytes+10 || !strings.HasSuffix(s, "é…") {
		t.Errorf("beginning: %d bytes", len(s))
	}
	if s := excerptEnd(long + "end"); len(s) > excerptBytes+10 || !strings.HasSuffix(s, "éend") {
		t.Errorf("end: %d bytes", len(s))
	}
}

// counting knows how many attempts run at once, and how long the longest took.
type counting struct {
	now, most atomic.Int64
	longest   atomic.Int64
}

func (c *counting) count(send func() outcome) outcome {
	n := c.now.Add(1)
	defer c.now.Add(-1)
	for most := c.most.Load(); n > most && !c.most.CompareAndSwap(most, n); most = c.most.Load() {
	}
	begun := time.Now()
	o := send()
	took := int64(time.Since(begun))
	for longest := c.longest.Load(); took > longest && !c.longest.CompareAndSwap(longest, took); longest = c.longest.Load() {
	}
	return o
}

// passing counts an attempt for its hook and for all of them.
type passing struct {
	sender
	own, all *counting
}

func (p passing) send(ctx context.Context, m *message) outcome {
	return p.all.count(func() outcome {
		return p.own.count(func() outcome { return p.sender.send(ctx, m) })
	})
}
