package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a file system of its own at dir/data. A test that may not
// mount is run again in namespaces of its own, where it may.
func smallDisk(t *testing.T, dir, size string) (string, bool) {
	t.Helper()
	data := filepath.Join(dir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	err := unix.Mount("tmpfs", data, "tmpfs", 0, "size="+size)
	if err == nil {
		t.Cleanup(func() {
			if err := unix.Unmount(data, unix.MNT_DETACH); err != nil {
				t.Errorf("unmount: %v", err)
			}
		})
		return data, true
	}
	const again = "MONITORD_TEST_IN_NAMESPACE"
	if os.Getenv(again) != "" {
		t.Fatalf("mount: %v", err)
	}
	cmd := exec.Command("unshare", "--user", "--map-root-user", "--mount", os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), again+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("in namespaces of its own: %v\n%s", err, out)
	}
	return "", false
}

// fill writes a file that takes all the room there is.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for chunk := make([]byte, 1<<20); len(chunk) > 0; {
		n, err := f.Write(chunk)
		if err != nil || n < len(chunk) {
			chunk = chunk[:len(chunk)/2]
		}
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	hook := newReceiver(t)
	hook.accept = true
	dir := daemonDir(t, fmt.Sprintf("[[alerts.hooks]]\nname = \"web\"\ntype = \"webhook\"\nurl = %q\n", hook.URL))
	data, ok := smallDisk(t, dir, "64m")
	if !ok {
		return
	}
	d := startDaemon(t, dir)
	value := func(expr string) string { return d.query(expr, "instance")["test-host"] }
	ticks := func() int {
		n, _ := strconv.Atoi(value("count_over_time(up[10m])"))
		return n
	}
	eventually(t, "some ticks are stored", func() bool { return ticks() >= 3 })

	ballast := filepath.Join(data, "ballast")
	fill(t, ballast)
	eventually(t, "the history says that it cannot write", func() bool { return value("monitord_history_writable") == "0" })
	eventually(t, "a hook was told", func() bool {
		calls := hook.seen()
		return len(calls) > 0 && calls[0].status == "firing"
	})
	before := ticks()
	eventually(t, "sampling goes on", func() bool { return ticks() >= before+3 })
	if n := strings.Count(d.log(), "level=ERROR"); n != 1 {
		t.Errorf("the log has %d errors, want one:\n%s", n, d.log())
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the history writes again", func() bool { return value("monitord_history_writable") == "1" })
	eventually(t, "the hook was told of the end", func() bool {
		calls := hook.seen()
		return calls[len(calls)-1].status == "resolved"
	})
	before = ticks()
	eventually(t, "ticks are stored", func() bool { return ticks() >= before+2 })
	before = ticks()
	d.kill()
	d = startDaemon(t, dir)
	if after := ticks(); after < before-1 {
		t.Errorf("%d ticks after the restart, %d were there before", after, before)
	}
}
