package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// transitions are the kinds and names of events that came over so many ticks, but
// for the daemon's own alerts.
func (s *rawStream) transitions(ticks int) (list []string, gaps []map[string]any) {
	s.t.Helper()
	for ticks > 0 {
		switch m := s.any(); m["op"] {
		case "samples":
			ticks--
		case "gap":
			gaps = append(gaps, m)
		case "alert":
			name := m["alert"].(map[string]any)["labels"].(map[string]any)["alertname"].(string)
			if !strings.HasPrefix(name, "Monitord") {
				list = append(list, fmt.Sprint(m["event"], " ", name))
			}
		}
	}
	return list, gaps
}

const lasting = `
[[alerts.rules]]
name = "Steady"
expr = "up == 1"
[[alerts.rules]]
name = "Looks"
expr = "count_over_time(up[1m]) > 0"
every = "1s"
[[alerts.rules]]
name = "Waits"
expr = "up == 1"
for = "1h"
`

// A daemon that is stopped for a while, as with a machine that is suspended, goes on
// where it was: connections live, what was not taken is a gap, and nothing fires or
// resolves because of it.
func TestSuspended(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, lasting))
	s := dialStream(t, d, "samples=up&alerts=&after=0")
	s.transitions(3)
	d.signal(syscall.SIGSTOP)
	<-time.After(suspended)
	d.signal(syscall.SIGCONT)
	list, gaps := s.transitions(5)
	if len(list) > 0 {
		t.Errorf("events %v", list)
	}
	if len(gaps) != 1 || gaps[0]["missed"].(float64) < suspended.Seconds()-2 {
		t.Errorf("gaps %v, want one of %v", gaps, suspended)
	}
}

// A daemon that ended by a fault of its own is ready again soon, and no alert fires
// or resolves because of it.
func TestReadyAgainAfterACrash(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, lasting)
	d := startDaemon(t, dir)
	s := dialStream(t, d, "samples=up&alerts=&after=0")
	s.transitions(3)
	since := d.query("ALERTS_FOR_STATE", "alertname")
	for _, sig := range []syscall.Signal{syscall.SIGABRT, syscall.SIGKILL} {
		d.signal(sig)
		d.wait()
		began := time.Now()
		d = startDaemon(t, dir)
		took := time.Since(began)
		t.Logf("ready %v after it ended by %v", took, sig)
		if took > 20*time.Second { // 2 s are promised where nothing else runs
			t.Errorf("ready after %v", took)
		}
		last := d.query("monitord_journal_last_seq", "instance")["test-host"]
		if list, _ := dialStream(t, d, "samples=up&alerts=&after="+last).transitions(3); len(list) > 0 {
			t.Errorf("after %v: %v", sig, list)
		}
		if now := d.query("ALERTS_FOR_STATE", "alertname"); fmt.Sprint(now) != fmt.Sprint(since) {
			t.Errorf("after %v alerts are active since %v, were since %v", sig, now, since)
		}
	}
}

// A delivery under way when the daemon is told to end has two seconds, and is not
// made again if that was enough.
func TestTermLetsDeliveriesEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	script, told := filepath.Join(dir, "hook"), filepath.Join(dir, "told")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho begun >> "+told+"\nsleep 1\necho done >> "+told+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	writeConfig(t, dir, fmt.Sprintf("[[alerts.rules]]\nname = \"Up\"\nexpr = \"up == 1\"\n[[alerts.hooks]]\nname = \"script\"\ntype = \"exec\"\ncommand = [%q]\n", script))
	read := func() string { b, _ := os.ReadFile(told); return string(b) }
	d := startDaemon(t, dir)
	eventually(t, "the hook runs", func() bool { return read() == "begun\n" })
	d.signal(syscall.SIGTERM)
	if code := d.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if got := read(); got != "begun\ndone\n" {
		t.Fatalf("the hook got as far as %q", got)
	}
	d = startDaemon(t, dir)
	dialStream(t, d, "samples=up").transitions(3)
	if got := read(); got != "begun\ndone\n" {
		t.Errorf("after the restart %q", got)
	}
}
