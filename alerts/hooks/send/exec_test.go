package send

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
	"monitord/alerts/hooks/message"
)

// script is a sender that starts a script.
func script(t testing.TB, text string, args ...string) *Exec {
	t.Helper()
	return NewExec(append([]string{hooktest.Script(t, text)}, args...), "web1")
}

func limited(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}

func TestExecGetsAll(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("MONITORD_SERVER_TOKEN", "hidden")
	t.Setenv("NOTIFY_SOCKET", "/hidden")
	t.Setenv("HOOK_TEST_OWN", "seen")
	s := script(t, `cat > "$1/stdin"; shift; env > "$0.env"; printf '%s\n' "$@" > "$0.args"`, dir, "a b", "$(touch x)", "*")
	m := messageOf(t, hooktest.Golden())
	if o := s.Send(limited(t, 2*time.Minute), m); o.Err != nil {
		t.Fatal(o.Err)
	}
	stdin, _ := os.ReadFile(filepath.Join(dir, "stdin"))
	hooktest.Equal(t, "standard input", string(stdin), string(m.Body))
	args, _ := os.ReadFile(s.command[0] + ".args")
	hooktest.Equal(t, "arguments", string(args), "a b\n$(touch x)\n*\n")
	env, _ := os.ReadFile(s.command[0] + ".env")
	for _, want := range []string{
		"MONITORD_ALERT_NAME=DiskFull", "MONITORD_ALERT_STATUS=firing", "MONITORD_ALERT_SEVERITY=critical",
		"MONITORD_ALERT_VALUE=93.5", "MONITORD_ALERT_INSTANCE=web1", "MONITORD_ALERT_STARTS_AT=2025-11-21T00:00:00Z",
		"MONITORD_ALERT_FINGERPRINT=" + m.Newest().Alert.Fingerprint, "MONITORD_ALERT_SEQ=1042",
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
		o := script(t, text).Send(limited(t, 2*time.Minute), messageOf(t, hooktest.Golden()))
		if o.Err == nil || o.Err.Error() != want || o.Permanent {
			t.Errorf("%s: %v", text, o.Err)
		}
	}
	o := NewExec([]string{"/does/not/exist"}, "web1").Send(limited(t, time.Minute), messageOf(t, hooktest.Golden()))
	if o.Err == nil || o.Err.Error() != "start /does/not/exist: no such file or directory" {
		t.Errorf("missing: %v", o.Err)
	}
}

// onceItRuns is a context that ends that long after a program has written its group
// to the file: how long a busy machine takes to start one is not what is limited.
// over waits for its end and says how long ago that was.
func onceItRuns(t *testing.T, pids string, d time.Duration) (ctx context.Context, over func() time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	var ended time.Time
	var watch sync.WaitGroup
	watch.Go(func() {
		defer cancel()
		if hooktest.Begun(ctx, pids) {
			<-time.After(d)
		}
		ended = time.Now()
	})
	t.Cleanup(cancel)
	return ctx, func() time.Duration {
		watch.Wait()
		return time.Since(ended)
	}
}

// TestExecEndsAsGroup: programs that hang, ignore signals, fork, leave children
// behind or flood are gone when the attempt is, soon after its time is up.
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
			ctx, over := limited(t, 2*time.Minute), func() time.Duration { return 0 }
			if !c.ok {
				ctx, over = onceItRuns(t, pids, limit)
			}
			o := s.Send(ctx, messageOf(t, hooktest.Golden()))
			if late := over(); late > 30*time.Second {
				t.Errorf("ended %v after its time was up", late)
			}
			if (o.Err == nil) != c.ok || (!c.ok && o.Err != errTimeout && !strings.HasPrefix(o.Err.Error(), errTimeout.Error())) {
				t.Errorf("outcome %v", o.Err)
			}
			hooktest.NoGroup(t, pids)
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
	o := s.Send(limited(t, 2*time.Minute), messageOf(t, hooktest.Golden()))
	if o.Err != nil {
		t.Error(o.Err)
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

// BenchmarkExec is a whole delivery to a program that does nothing.
func BenchmarkExec(b *testing.B) {
	s := NewExec([]string{"/bin/true"}, "web1")
	m := messageOf(b, hooktest.Golden())
	b.ReportAllocs()
	for b.Loop() {
		if o := s.Send(context.Background(), m); o.Err != nil {
			b.Fatal(o.Err)
		}
	}
}

// TestFlood: of a program's output the last 64 KiB are kept, whatever it writes,
// and the end of it is what people see.
func TestFlood(t *testing.T) {
	s := script(t, "head -c 50000000 /dev/zero | tr '\\0' x; echo; echo the end >&2; exit 1")
	m := messageOf(t, hooktest.Golden())
	m.Traced = true
	var before, later runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	o := s.Send(limited(t, 5*time.Minute), m)
	runtime.ReadMemStats(&later)
	if o.Err == nil || !strings.HasSuffix(o.Err.Error(), "the end") || len(o.Err.Error()) > 2*excerptBytes {
		t.Errorf("outcome %.200v", o.Err)
	}
	if !strings.HasSuffix(o.Answer, "x\nthe end") || len(o.Answer) > transcriptBytes+len("…") {
		t.Errorf("answer of %d bytes, ends in %q", len(o.Answer), o.Answer[max(0, len(o.Answer)-20):])
	}
	if grown := later.TotalAlloc - before.TotalAlloc; grown > 4<<20 {
		t.Errorf("50 MB of output cost %d bytes", grown)
	}
	out := &tail{max: outputBytes}
	for range 1000 {
		out.Write(make([]byte, 10_000))
	}
	if n := len(out.String()); n != 64<<10 {
		t.Errorf("%d bytes are kept", n)
	}
}

// TestEnvironmentOfGroup: what the events of a group do not have alike is empty.
func TestEnvironmentOfGroup(t *testing.T) {
	a, b, over := hooktest.Firing("A"), hooktest.Firing("B"), hooktest.Resolved("A")
	a.Seq, b.Seq, over.Seq = 7, 8, 12
	m, err := testOrigin.Compose(message.Draft{Hook: "ops", Events: []alerts.Event{a, b, over}, GroupBy: []string{"severity"}})
	if err != nil {
		t.Fatal(err)
	}
	env := strings.Join(environment(m, "web1"), "\n") + "\n"
	for _, want := range []string{"NAME=", "SEVERITY=critical", "VALUE=93.5", "SEQ=12", "COUNT=3", "STATUS=firing", "SUMMARY=", "FINGERPRINT="} {
		if !strings.Contains(env, "\nMONITORD_ALERT_"+want+"\n") {
			t.Errorf("no %s in\n%s", want, env)
		}
	}
}
