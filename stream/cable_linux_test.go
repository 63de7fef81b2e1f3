package stream

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// ownNetwork runs the test again as a process whose loopback interface is its
// own, and says true there. That one may be taken down.
func ownNetwork(t *testing.T) bool {
	t.Helper()
	const inside = "MONITORD_TEST_OWN_NETWORK"
	if os.Getenv(inside) != "" {
		loopback(t, true)
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if id := os.Getuid(); id != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("with a network of its own: %v\n%s", err, out)
	}
	return false
}

// loopback takes the loopback interface up or down. Down, it swallows every packet
// without a word.
func loopback(t *testing.T, up bool) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	r, err := unix.NewIfreq("lo")
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFFLAGS, r); err != nil {
		t.Fatal(err)
	}
	flags := r.Uint16() &^ unix.IFF_UP
	if up {
		flags |= unix.IFF_UP
	}
	r.SetUint16(flags)
	if err := unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, r); err != nil {
		t.Fatalf("loopback interface: %v", err)
	}
}

// waiting is a handler whose polls wait until their client is gone.
type waiting struct{ funcs }

func (waiting) Poll(ctx context.Context, _ *Request, _ Workers) Answer {
	<-ctx.Done()
	return Answer{}
}

// TestCableCut takes the network away from under clients of every transport, some
// of which are being sent something and some of which are idle. Not a packet says
// that they are gone.
func TestCableCut(t *testing.T) {
	if !ownNetwork(t) {
		return
	}
	o := testOptions()
	o.PingInterval, o.PongTimeout = 2*time.Second, 2*time.Second
	var topic *Topic
	s := serve(t, waiting{funcs{open: func(_ context.Context, r *Request, turn *Turn) {
		if r.Query == "told" {
			turn.Subscribe(Subscription{Topic: topic, After: Newest})
		}
	}}}, o)
	topic = s.NewTopic(TopicOptions{Ring: 4, Skip: true})

	for _, query := range []string{"told", "idle"} {
		for range 3 {
			s.handshake(strings.Replace(handshake, "GET /", "GET /?"+query, 1))
			s.events(query, "")
			poll(t, s, query)
		}
	}
	eventually(t, "all are there", func() bool { return s.Stats().Connections == 12 && s.polling.Load() == 6 })
	stop := make(chan struct{})
	defer close(stop)
	go func() {
		for pos := int64(1); ; pos++ {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
				s.Publish([]Item{{Topic: topic, Entry: Entry{Pos: pos, Messages: [][]byte{[]byte("news")}}}})
			}
		}
	}()
	eventually(t, "something has been sent", func() bool { return s.Stats().MessagesSent > 20 })

	cut := time.Now()
	loopback(t, false)
	defer loopback(t, true) // for the end of the test
	eventually(t, "all are gone", func() bool { return s.Stats().Connections == 0 && s.polling.Load() == 0 })
	took := time.Since(cut)
	t.Logf("gone after %v", took)
	// A machine that stands still meanwhile gives them all their time anew.
	if limit := 3*(o.PingInterval+o.PongTimeout) + 2*time.Second; took > limit {
		t.Errorf("they were gone after %v, must be within %v", took, limit)
	}
}

// poll asks for a poll that nobody answers.
func poll(t *testing.T, s *testServer, query string) {
	t.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	r, err := http.NewRequest(http.MethodGet, "http://"+s.addr+"/?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Write(c); err != nil {
		t.Fatal(err)
	}
}
