package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"monitord/alerts/hooks/send"
)

// asDaemon in the environment makes the test binary the program itself, so that
// the tests drive, signal and kill a process of its own.
const asDaemon = "MONITORD_TEST_AS_DAEMON"

// openFiles in the environment is how many files that process may have open.
const openFiles = "MONITORD_TEST_OPEN_FILES"

func TestMain(m *testing.M) {
	if os.Getenv(asDaemon) != "" || len(os.Args) == 2 && os.Args[1] == send.HelperName {
		if n, err := strconv.ParseUint(os.Getenv(openFiles), 10, 64); err == nil {
			if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
				panic(err)
			}
		}
		endWithin = patience / 2 // a disk that others keep busy is no fault of ours
		main()
	}
	os.Exit(m.Run())
}

// patience bounds every wait of these tests; only a failure takes that long.
const patience = time.Minute

// A testDaemon is a running daemon process.
type testDaemon struct {
	t      *testing.T
	cmd    *exec.Cmd
	exited chan struct{}
	// How the tests reach it; nil: without TLS.
	transport http.RoundTripper

	mu     sync.Mutex // guards the fields below
	url    string     // http://127.0.0.1:PORT, or https:
	output bytes.Buffer
}

// daemonDir is a directory with a configuration for a daemon of its own.
func daemonDir(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	writeConfig(t, dir, config)
	return dir
}

func writeConfig(t *testing.T, dir, config string) {
	t.Helper()
	text := "data_dir = \"data\"\ninstance = \"test-host\"\n" + config
	path := filepath.Join(dir, "monitord.toml")
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	// A daemon that is reading it has the one or the other.
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

// startDaemon starts the daemon of a directory and waits until it is ready. It
// is killed when the test ends.
func startDaemon(t *testing.T, dir string, environ ...string) *testDaemon {
	t.Helper()
	d := launchDaemon(t, dir, environ...)
	select {
	case <-d.exited:
		t.Fatalf("the daemon ended: %v\n%s", d.cmd.ProcessState, d.log())
	case <-time.After(patience):
		t.Fatalf("the daemon does not listen:\n%s", d.log())
	case <-d.printed("msg=ready"):
	}
	return d
}

// withoutDefaults keeps the default rules out of daemons that are tested for other
// things: on a busy machine one of them may well be pending.
const withoutDefaults = "MONITORD_ALERTS_DEFAULT_RULES=false"

// launchDaemon starts a daemon and waits for nothing.
func launchDaemon(t *testing.T, dir string, environ ...string) *testDaemon {
	t.Helper()
	return launchUnder(t, nil, dir, environ...)
}

// launchUnder starts a daemon by way of a program that becomes it.
func launchUnder(t *testing.T, program []string, dir string, environ ...string) *testDaemon {
	t.Helper()
	d := &testDaemon{t: t, exited: make(chan struct{})}
	argv := append(slices.Clone(program), os.Args[0], "run", "--config", filepath.Join(dir, "monitord.toml"), "--listen", "127.0.0.1:0")
	d.cmd = exec.Command(argv[0], argv[1:]...)
	d.cmd.Env = append(append(os.Environ(), asDaemon+"=1", withoutDefaults), environ...)
	stderr, err := d.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var reading sync.WaitGroup
	reading.Go(func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			d.line(lines.Text())
		}
	})
	go func() {
		reading.Wait()
		_ = d.cmd.Wait()
		close(d.exited)
	}()
	t.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		<-d.exited
		if t.Failed() {
			t.Logf("what the daemon said:\n%s", d.log())
		}
	})
	return d
}

func (d *testDaemon) line(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, rest, ok := strings.Cut(text, "msg=listening url=http"); ok {
		d.url = "http" + strings.TrimSuffix(strings.Fields(rest)[0], "/")
	}
	fmt.Fprintln(&d.output, text)
}

// URL is http://127.0.0.1:PORT, or https: with a certificate.
func (d *testDaemon) URL() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.url
}

func (d *testDaemon) log() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.output.String()
}

// printed is closed once the daemon's log contains text.
func (d *testDaemon) printed(text string) <-chan struct{} {
	found := make(chan struct{})
	go func() {
		ticker := time.NewTicker(10 * time.Millisecond)
		defer ticker.Stop()
		for range ticker.C {
			if strings.Contains(d.log(), text) {
				close(found)
				return
			}
			select {
			case <-d.exited:
				return
			default:
			}
		}
	}()
	return found
}

func (d *testDaemon) signal(s os.Signal) {
	d.t.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		d.t.Fatal(err)
	}
}

// kill ends the daemon as a crash would.
func (d *testDaemon) kill() {
	d.t.Helper()
	d.signal(syscall.SIGKILL)
	<-d.exited
}

// wait returns the exit code of a daemon that ends by itself.
func (d *testDaemon) wait() int {
	d.t.Helper()
	select {
	case <-d.exited:
		return d.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		d.t.Fatalf("the daemon does not end:\n%s", d.log())
		return 0
	}
}

// get returns status and body of a path.
func (d *testDaemon) get(path string) (int, string) {
	d.t.Helper()
	client := http.Client{Timeout: patience, Transport: d.transport}
	resp, err := client.Get(d.URL() + path)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// query returns the values of an instant query, by the value of one label.
func (d *testDaemon) query(expr, label string) map[string]string {
	d.t.Helper()
	status, body := d.get("/api/v1/query?query=" + url.QueryEscape(expr))
	var answer struct {
		Status string
		Data   struct {
			Result []struct {
				Metric map[string]string
				Value  [2]any
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != http.StatusOK {
		d.t.Fatalf("query %s: status %d, %v: %s", expr, status, err, body)
	}
	values := map[string]string{}
	for _, r := range answer.Data.Result {
		values[r.Metric[label]] = fmt.Sprint(r.Value[1])
	}
	return values
}

// eventually calls try again and again until it reports success.
func eventually(t *testing.T, what string, try func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !try() {
		select {
		case <-ctx.Done():
			t.Fatalf("still not after %v: %s", patience, what)
		case <-ticker.C:
		}
	}
}

// notifySocket is where a daemon under systemd would report; it returns the
// variable to set and the states as they come.
func notifySocket(t *testing.T) (string, <-chan string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "monitord") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	states := make(chan string, 100)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			select {
			case states <- string(buf[:n]):
			default:
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done; os.RemoveAll(dir) })
	return "NOTIFY_SOCKET=" + path, states
}
