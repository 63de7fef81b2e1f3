package linux

import (
	"net/netip"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestProcessorTimeGrowsAndMemoryIsThere(t *testing.T) {
	before, err := CPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for i := range 50_000_000 {
		sum += i & 3
	}
	after, err := CPU(os.Getpid())
	if err != nil || after <= before {
		t.Errorf("from %v to %v after %d: %v", before, after, sum, err)
	}
	if m, err := MemoryOf(os.Getpid()); err != nil || m.Anon <= 0 || m.RSS < m.Anon {
		t.Errorf("memory %+v: %v", m, err)
	}
	if n, err := Slab(); err != nil || n <= 0 {
		t.Errorf("slab %d: %v", n, err)
	}
}

func TestAProcessThatIsNotThere(t *testing.T) {
	const none = 1<<22 + 1 // beyond PID_MAX_LIMIT
	if _, err := CPU(none); err == nil {
		t.Error("it has processor time")
	}
	if _, err := MemoryOf(none); err == nil {
		t.Error("it has memory")
	}
}

func TestStartOnPinsTheChildAndNotTheParent(t *testing.T) {
	allowed := func(b []byte) string {
		_, rest, _ := strings.Cut(string(b), "Cpus_allowed_list:")
		return strings.Fields(rest)[0]
	}
	before, err := os.ReadFile("/proc/thread-self/status")
	if err != nil {
		t.Fatal(err)
	}
	// The first of those that this machine, or what it gives us of it, has.
	first := strings.FieldsFunc(allowed(before), func(r rune) bool { return r == ',' || r == '-' })[0]
	cpu, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("cat", "/proc/self/status")
	var out strings.Builder
	cmd.Stdout = &out
	if err := StartOn(cpu, cmd); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := allowed([]byte(out.String())); got != first {
		t.Errorf("the child may run on %s", got)
	}
	if after, err := os.ReadFile("/proc/thread-self/status"); err != nil || allowed(after) != allowed(before) {
		t.Errorf("the parent may run on %s, %v", allowed(after), err)
	}
	if err := StartOn(1<<20, exec.Command("true")); err == nil {
		t.Error("there is no such processor")
	}
}

// drive polls until done or for ten seconds.
func drive(t *testing.T, p *Poller, done *bool, ready func(int32)) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !*done; {
		if time.Now().After(end) {
			t.Fatal("nothing came in ten seconds")
		}
		if _, err := p.Wait(10*time.Millisecond, ready); err != nil {
			t.Fatal(err)
		}
	}
}

func TestConnectSendAndRead(t *testing.T) {
	listener, err := Listen(netip.MustParseAddrPort("127.0.0.1:0"))
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(listener)
	name, err := syscall.Getsockname(listener)
	if err != nil {
		t.Fatal(err)
	}
	at := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(name.(*syscall.SockaddrInet4).Port))
	client, err := Connect(netip.MustParseAddr("127.0.0.7"), at)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(client)
	p, err := NewPoller(8)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	const isListener, isClient = 1, 2
	if err := p.Add(listener, Readable, isListener); err != nil {
		t.Fatal(err)
	}
	if err := p.Add(client, Writable, isClient); err != nil {
		t.Fatal(err)
	}
	server, connected, both := -1, false, false
	drive(t, p, &both, func(token int32) {
		if token == isListener {
			if fd, ok, err := Accept(listener); err != nil {
				t.Error(err)
			} else if ok {
				server = fd
			}
		} else {
			connected = true
		}
		both = server >= 0 && connected
	})
	defer syscall.Close(server)
	if err := ConnectError(client); err != nil {
		t.Fatal(err)
	}
	if n, errno := Send(server, []byte("hello")); n != 5 || errno != 0 {
		t.Fatalf("sent %d: %v", n, errno)
	}
	if err := p.Change(client, Readable, isClient); err != nil {
		t.Fatal(err)
	}
	got, read := make([]byte, 16), false
	drive(t, p, &read, func(token int32) {
		if token != isClient {
			return
		}
		if n, errno := Read(client, got); errno != 0 || string(got[:n]) != "hello" {
			t.Errorf("read %q: %v", got[:max(n, 0)], errno)
		}
		read = true
	})
	if n, errno := Read(client, got); n != -1 || errno != syscall.EAGAIN {
		t.Errorf("read %d more: %v", n, errno)
	}
}

func TestTimer(t *testing.T) {
	fd, err := Timer(5 * time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	p, err := NewPoller(1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Add(fd, Readable, 1); err != nil {
		t.Fatal(err)
	}
	fired := false
	drive(t, p, &fired, func(int32) { fired = true })
}
