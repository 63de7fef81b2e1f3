package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/sys/unix"
)

// limit changes a resource limit of the running daemon and returns what sets it
// back. Writes beyond a limit fail, whoever the daemon runs as.
func (d *testDaemon) limit(resource int, n uint64) (restore func()) {
	d.t.Helper()
	var before unix.Rlimit
	if err := unix.Prlimit(d.cmd.Process.Pid, resource, nil, &before); err != nil {
		d.t.Fatal(err)
	}
	set := func(l unix.Rlimit) {
		if err := unix.Prlimit(d.cmd.Process.Pid, resource, &l, nil); err != nil {
			d.t.Error(err)
		}
	}
	set(unix.Rlimit{Cur: n, Max: before.Max})
	return func() { set(before) }
}

// A faultWatch follows samples and alerts over a fault, and knows when what came.
type faultWatch struct {
	*rawStream
	last   int64            // time of the newest samples
	gone   []int64          // times that are missing between samples
	fired  map[string]event // by alert, the latest
	events []event          // that have a number
}

type event struct {
	Seq     uint64
	Event   string
	Durable *bool
	Alert   struct{ Labels map[string]string }
}

// until reads on until an alert has come so far, durable or not, and returns how
// long that took.
func (w *faultWatch) until(alert, kind string, durable bool) time.Duration {
	w.t.Helper()
	begin := time.Now()
	for {
		if e, ok := w.fired[alert]; ok && e.Event == kind && (e.Durable == nil) == durable {
			return time.Since(begin)
		}
		if time.Since(begin) > 2*patience {
			w.t.Fatalf("%s is not %s: the last of it was %+v", alert, kind, w.fired[alert])
		}
		w.read()
	}
}

func (w *faultWatch) read() {
	w.t.Helper()
	f := w.next()
	var m struct {
		Op     string
		T      int64
		Reason string
		event
	}
	if err := json.Unmarshal(f.Payload, &m); err != nil || f.Header.OpCode != ws.OpText {
		w.t.Fatalf("%v: %v %s", err, f.Header.OpCode, f.Payload)
	}
	switch m.Op {
	case "samples":
		for at := w.last + 1000; w.last != 0 && at < m.T; at += 1000 {
			w.gone = append(w.gone, at)
		}
		w.last = m.T
	case "alert":
		if m.Seq > 0 {
			w.events = append(w.events, m.event)
		}
		w.fired[m.Alert.Labels["alertname"]] = m.event
	case "gap":
		if m.Reason != "down" { // whole sees to the times
			w.t.Errorf("gap: %s", f.Payload)
		}
	}
}

// whole fails the test if samples are missing, those of ticks aside that a busy
// machine had no time for: the daemon counts them.
func (w *faultWatch) whole(d *testDaemon) {
	w.t.Helper()
	missed := 0
	for _, text := range d.query("monitord_ticks_missed_total", "reason") {
		n, _ := strconv.Atoi(text)
		missed += n
	}
	if len(w.gone) > missed {
		w.t.Errorf("no samples at %v, and the daemon has left out %d ticks", w.gone, missed)
	}
}

// While no write to any file succeeds (as with EIO, or a file system that went
// read-only), streaming goes on, and metric, log and alert say so within seconds,
// of the history and of the journal. When writes succeed again, so do they within
// seconds; what was told without a number comes with one; and all of it survives
// a kill.
func TestDiskThatTakesNothing(t *testing.T) {
	t.Parallel()
	const soon = 20 * time.Second // 5 s are promised where nothing else runs
	dir := daemonDir(t, "[[alerts.rules]]\nname = \"Blinks\"\nexpr = \"vector(time()) % 2 < 1\"\n")
	d := startDaemon(t, dir)
	w := &faultWatch{rawStream: dialStream(t, d, "samples=up&alerts=&after=0"), fired: map[string]event{}}
	w.until("Blinks", "resolved", true)

	first := w.last
	restore := d.limit(unix.RLIMIT_FSIZE, 0)
	for _, alert := range []string{"MonitordHistoryNotWritable", "MonitordJournalNotWritable"} {
		took := w.until(alert, "firing", false)
		t.Logf("%s fires after %v", alert, took)
		if took > soon {
			t.Errorf("%s fires after %v", alert, took)
		}
	}
	for _, metric := range []string{"monitord_history_writable", "monitord_journal_writable"} {
		eventually(t, metric+" is 0", func() bool { return d.query(metric, "instance")["test-host"] == "0" })
	}
	w.until("Blinks", "firing", false) // it goes on for a while
	w.until("Blinks", "resolved", false)
	if n := strings.Count(d.log(), "level=ERROR"); n > 3 {
		t.Errorf("the log has %d errors, want one of the history and two of the journal:\n%s", n, d.log())
	}

	restore()
	for _, alert := range []string{"MonitordJournalNotWritable", "MonitordHistoryNotWritable"} {
		took := w.until(alert, "resolved", true)
		t.Logf("%s resolved after %v", alert, took)
		if took > 2*soon { // what was held is written first
			t.Errorf("%s resolved after %v", alert, took)
		}
	}
	w.until("Blinks", "resolved", true)
	w.whole(d)
	ticks := w.last
	d.kill()

	d = startDaemon(t, dir)
	again := &faultWatch{rawStream: dialStream(t, d, "alerts=&after=0"), fired: map[string]event{}}
	for len(again.events) < len(w.events) {
		again.read()
	}
	firing := map[string]int{}
	for i, e := range w.events {
		if e.Seq != uint64(i)+1 {
			t.Fatalf("the event %d has the number %d", i, e.Seq)
		}
		if got := again.events[i]; fmt.Sprint(got) != fmt.Sprint(e) {
			t.Errorf("after the kill %v, before %v", got, e)
		}
		firing[e.Alert.Labels["alertname"]] += map[string]int{"firing": 1, "resolved": -1}[e.Event]
	}
	for alert, n := range firing {
		if n < 0 || n > 1 {
			t.Errorf("%s: %d more firing than resolved", alert, n)
		}
	}
	expr := fmt.Sprintf("count_over_time(up[%ds] @ %d.%03d)", (ticks-first)/1000, ticks/1000, ticks%1000)
	if n, _ := strconv.Atoi(d.query(expr, "instance")["test-host"]); n < int(ticks-first)/1000-1-len(w.gone) {
		t.Errorf("%d ticks are stored of the last %d seconds before the kill", n, (ticks-first)/1000)
	}
}
