//go:build outside

package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
)

// Only the journal writes with pwrite64 and waits with fdatasync; both are traced
// and tampered with by strace(1).

// underStrace starts a daemon that strace traces, as its grandchild, so that the
// process is the daemon itself.
func underStrace(t *testing.T, dir string, options []string, environ ...string) *testDaemon {
	t.Helper()
	program := append([]string{"strace", "-D", "-f", "-qq"}, options...)
	return launchUnder(t, program, dir, environ...)
}

// killChild kills the daemon that strace runs, and strace ends.
func (d *testDaemon) killChild() {
	d.t.Helper()
	strace := d.cmd.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", strace, strace))
	if err != nil {
		select {
		case <-d.exited: // it has come so far by itself
			return
		case <-time.After(patience):
			d.t.Fatal(err)
		}
	}
	for _, text := range strings.Fields(string(children)) {
		if pid, err := strconv.Atoi(text); err == nil {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
	<-d.exited
}

const blinking = "[collectors.filesystem]\ninterval = \"1s\"\n[collectors.network]\nlink_interval = \"1s\"\n" +
	"[[alerts.rules]]\nname = \"Blinks\"\nexpr = \"vector(time()) % 2 < 1\"\n" +
	"[[alerts.rules]]\nname = \"Holds\"\nexpr = \"up == 1\"\nfor = \"4s\"\n"

// TestOutsideStraceKills kills the daemon inside its n-th write, and inside its n-th
// wait for the disk, of each thread: what a client saw is there after the next
// start, every number once, every alert's life in order. What a hook is told of, it
// is told of all, in order, and again only under the same key.
func TestOutsideStraceKills(t *testing.T) {
	t.Parallel()
	hook := newLoopReceiver(t)
	calls := fmt.Sprintf("[server]\nexternal_url = \"http://monitor.example\"\n[[alerts.hooks]]\nname = \"web\"\ntype = \"webhook\"\nurl = %q\n", hook.URL+"/web")
	dir := daemonDir(t, blinking+calls)
	run, err := os.MkdirTemp("", "monitord") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	reader := &loopReader{socket: run + "/monitord.sock", seen: map[uint64]string{}}
	ctx, stop := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	reading.Go(func() { reader.run(ctx, t) })
	missed := 0
	for n := 1; n <= straceKills; n++ {
		for _, call := range []string{"pwrite64", "fdatasync"} {
			// As the tracer's child: with the tracer as a grandchild, a death may go unnoticed.
			d := launchUnder(t, []string{"strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call,
				"-e", fmt.Sprintf("inject=%s:signal=SIGKILL:when=%d", call, n)}, dir, "RUNTIME_DIRECTORY="+run)
			select {
			case <-d.exited:
			case <-d.printed("msg=ready"):
			case <-time.After(patience):
				t.Fatalf("it is not ready:\n%s", d.log())
			}
			select {
			case <-d.exited:
			case <-time.After(10 * time.Second): // no thread has got so far
				missed++
				d.killChild()
			}
		}
	}
	d := startDaemon(t, dir, "RUNTIME_DIRECTORY="+run)
	first := dialStream(t, d, "alerts=&after=0")
	for first.message("alert")["event"] != "resolved" {
	}
	writeConfig(t, dir, calls) // without rules
	d.signal(syscall.SIGHUP)
	eventually(t, "every alert has ended", func() bool {
		n := d.query("monitord_alerts", "state")
		return n["firing"] == "0" && n["pending"] == "0"
	})
	d.kill()
	started := float64(time.Now().UnixMilli()) / 1000
	d = startDaemon(t, dir, "RUNTIME_DIRECTORY="+run)
	eventually(t, "everything is delivered", func() bool { return d.delivered(started, []string{"web"}) })
	d.signal(os.Interrupt)
	d.wait()
	stop()
	reading.Wait()

	log := openJournal(t, filepath.Join(dir, "data", "journal"))
	events := journaled(t, log)
	checkLives(t, events)
	checkSeen(t, events, reader)
	checkDeliveries(t, log.Epoch(), events, []string{"web"}, hook.told(), nil)
	t.Logf("%d kills, %d of them between calls, %d events, %d seen over %d connections", 2*straceKills, missed, len(events), len(reader.seen), reader.live)
	if reader.live == 0 || len(events) == 0 || missed > straceKills {
		t.Error("this test compares too little")
	}
}

var (
	eventTime = regexp.MustCompile(`\\"op\\":\\"alert\\".*?\\"t\\":(\d+)`)
	writeTime = regexp.MustCompile(`\\"v\\":1,\\"t\\":(\d+)`)
)

// TestOutsideStraceOrder: no event leaves the daemon before the disk has taken it.
func TestOutsideStraceOrder(t *testing.T) {
	t.Parallel()
	dir, trace := daemonDir(t, blinking), filepath.Join(t.TempDir(), "trace")
	d := underStrace(t, dir, []string{"-o", trace, "-s", "65536", "-e", "trace=pwrite64,fdatasync,write,writev,sendto,sendmsg"})
	select {
	case <-d.printed("msg=ready"):
	case <-time.After(patience):
		t.Fatalf("it is not ready:\n%s", d.log())
	}
	s := dialStream(t, d, "alerts=&after=0")
	for n := 0; n < 6; {
		if s.message("alert")["seq"].(float64) > 0 {
			n++
		}
	}
	d.signal(os.Interrupt)
	for s.next().Header.OpCode != ws.OpClose {
	}
	d.wait()

	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	written, durable := map[string]bool{}, map[string]bool{}
	sent := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<22)
	for lines.Scan() {
		_, line, _ := strings.Cut(lines.Text(), " ")
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "pwrite64("):
			for _, m := range writeTime.FindAllStringSubmatch(line, -1) {
				written[m[1]] = true
			}
		case strings.Contains(line, "fdatasync") && strings.HasSuffix(line, "= 0"):
			for at := range written {
				durable[at] = true
			}
		case strings.Contains(line, `\"op\":\"alert\"`):
			for _, m := range eventTime.FindAllStringSubmatch(line, -1) {
				sent++
				if !durable[m[1]] {
					t.Errorf("the event of %s was sent before it was on disk", m[1])
				}
			}
		}
	}
	if sent < 6 {
		t.Errorf("%d events were seen on their way", sent)
	}
}

// TestOutsideStraceSlowDisk: while the journal waits for its disk, ticks go on, the
// watchdog is fed, and nobody hears of what is not on disk.
func TestOutsideStraceSlowDisk(t *testing.T) {
	t.Parallel()
	socket, states := notifySocket(t)
	dir := daemonDir(t, "[[alerts.rules]]\nname = \"Late\"\nexpr = \"monitord_ticks_total >= 6\"\n")
	d := underStrace(t, dir, []string{"-o", "/dev/null", "-e", "trace=fdatasync", "-e", "inject=fdatasync:delay_enter=9000000"},
		socket, "WATCHDOG_USEC=4000000")
	select {
	case <-d.printed("msg=ready"):
	case <-time.After(patience):
		t.Fatalf("it is not ready:\n%s", d.log())
	}
	s := dialStream(t, d, "samples=monitord_ticks_total&alerts=&after=0")
	begin, ticks, fed := time.Now(), 0, 0
	for {
		switch m := s.any(); m["op"] {
		case "samples":
			ticks++
		case "gap": // a busy machine may leave out a tick
			if ticks += int(m["missed"].(float64)); m["reason"] != "down" {
				t.Errorf("gap %v", m)
			}
		case "alert":
			took := time.Since(begin)
			for len(states) > 0 {
				if strings.Contains(<-states, "WATCHDOG=1") {
					fed++
				}
			}
			t.Logf("told after %v; %d ticks, fed %d times", took, ticks, fed)
			if took < 7*time.Second || ticks < 6 || fed < 4 {
				t.Errorf("told after %v; %d ticks, fed %d times", took, ticks, fed)
			}
			return
		}
	}
}

// TestOutsideStraceRefuses has every kind of call on the journal's files fail for a
// while: events are told without a number meanwhile, come with one afterwards,
// and no number is missing or given out twice.
func TestOutsideStraceRefuses(t *testing.T) {
	t.Parallel()
	for call, errno := range map[string]string{"fdatasync": "EIO", "pwrite64": "ENOSPC", "pwrite64 ": "EROFS", "pwrite64  ": "EMFILE"} {
		t.Run(strings.TrimSpace(call)+" "+errno, func(t *testing.T) {
			t.Parallel()
			call := strings.TrimSpace(call)
			dir := daemonDir(t, blinking)
			// Of each thread the third to the tenth.
			d := underStrace(t, dir, []string{"-o", "/dev/null", "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:error=%s:when=3..10", call, errno)})
			select {
			case <-d.printed("msg=ready"):
			case <-time.After(patience):
				t.Fatalf("it is not ready:\n%s", d.log())
			}
			w := &faultWatch{rawStream: dialStream(t, d, "samples=up&alerts=&after=0"), fired: map[string]event{}}
			w.until("MonitordJournalNotWritable", "firing", false)
			w.until("MonitordJournalNotWritable", "resolved", true)
			w.whole(d)
			d.signal(os.Interrupt)
			d.wait()
			events := journaled(t, openJournal(t, filepath.Join(dir, "data", "journal")))
			checkLives(t, events)
			for i, e := range w.events {
				if e.Seq != uint64(i)+1 || e.Event != string(events[i].Kind) {
					t.Fatalf("the client saw %+v as the %d. event, the journal has %s", e, i+1, events[i].Kind)
				}
			}
		})
	}
}
