package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// remount makes a file system of the test's own read-only, or writable again.
func remount(t *testing.T, path string, flags uintptr) {
	t.Helper()
	if err := unix.Mount("", path, "", unix.MS_REMOUNT|flags, ""); err != nil {
		t.Fatal(err)
	}
}

// A daemon whose data directory is read-only starts: with nothing, or with the
// alerts that were active. It streams, alerts and calls its hooks, and says that
// it cannot write. When it can, what it has told comes again with numbers that
// follow on the ones before, and it survives a kill.
func TestStartsReadOnly(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "[[alerts.rules]]\nname = \"Up\"\nexpr = \"up == 1\"\n[[alerts.rules]]\nname = \"Blinks\"\nexpr = \"vector(time()) % 2 < 1\"\n")
	data, ok := smallDisk(t, dir, "64m")
	if !ok {
		return
	}
	var events []event
	check := func(w *faultWatch, what string) {
		t.Helper()
		for i, e := range w.events {
			if e.Seq != uint64(i)+1 || i < len(events) && fmt.Sprint(e) != fmt.Sprint(events[i]) {
				t.Fatalf("%s: the %d. event is %v; before %v", what, i+1, e, events[:min(i+1, len(events))])
			}
		}
		events = w.events
	}
	watch := func(d *testDaemon) *faultWatch {
		return &faultWatch{rawStream: dialStream(t, d, "samples=up&alerts=&after=0"), fired: map[string]event{}}
	}
	for _, what := range []string{"with nothing", "with a journal"} {
		remount(t, data, unix.MS_RDONLY)
		d := startDaemon(t, dir)
		w := watch(d)
		// It may have fired before anyone followed, and has no number to be asked for by.
		eventually(t, "the alert that the journal is not writable", func() bool {
			return len(d.query(`ALERTS{alertname="MonitordJournalNotWritable"}`, "alertname")) == 1
		})
		w.until("Blinks", "firing", false)
		w.until("Blinks", "resolved", false)
		check(w, what)
		seesWhatStands(t, d, what)
		for metric, want := range map[string]string{"monitord_journal_writable": "0", "monitord_journal_last_seq": fmt.Sprint(len(events))} {
			eventually(t, what+": "+metric+" is "+want, func() bool { return d.query(metric, "instance")["test-host"] == want })
		}
		if got := d.query(`ALERTS{alertname=~"Up|MonitordJournalNotWritable"}`, "alertname"); len(got) != 2 {
			t.Errorf("%s: of the alerts that are active there are %v", what, got)
		}
		if log := d.log(); strings.Count(log, "level=ERROR") != 3 || !strings.Contains(log, "the journal cannot be written") {
			t.Errorf("%s: the log wants an error of the history, one of the journal, one of the first event:\n%s", what, log)
		}

		remount(t, data, 0)
		w.until("MonitordJournalNotWritable", "resolved", true)
		w.until("Blinks", "firing", true)
		w.whole(d)
		d.kill()
		d = startDaemon(t, dir)
		again := watch(d)
		for len(again.events) < len(w.events) {
			again.read()
		}
		check(w, what)
		check(again, what+", after the kill")
		d.kill()
	}
	ups := 0
	for _, e := range events {
		if e.Alert.Labels["alertname"] == "Up" {
			ups++
		}
	}
	if ups != 1 {
		t.Errorf("what always held has %d events", ups)
	}
	log := openJournal(t, filepath.Join(data, "journal"))
	checkLives(t, journaled(t, log))
}

// seesWhatStands: whoever comes while nothing can be written is shown the alerts that
// are active all the same, with the picture or behind what has a number.
func seesWhatStands(t *testing.T, d *testDaemon, what string) {
	t.Helper()
	const unwritable = "MonitordJournalNotWritable"
	for query, current := range map[string]bool{"alerts=": true, "alerts=&after=0": false} {
		late := dialStream(t, d, query)
		for seen := map[string]bool{}; !seen["Up"] || !seen[unwritable]; {
			var m struct {
				Op      string
				Sub     int
				Current bool
				event
			}
			if err := json.Unmarshal(late.next().Payload, &m); err != nil {
				t.Fatal(err)
			}
			name := m.Alert.Labels["alertname"]
			switch {
			case m.Op == "heartbeat" && m.Sub > 0 && current:
				t.Fatalf("%s: the picture has only %v", what, seen)
			case m.Op != "alert" || m.Event != "firing" || name == unwritable && m.Seq > 0 && !current: // that was before
				continue
			case m.Current != current || (m.Durable == nil) != (m.Seq > 0) || name == unwritable && m.Seq > 0:
				t.Fatalf("%s: %s shows %s %+v", what, query, name, m.event)
			}
			seen[name] = true
		}
		late.conn.Close()
	}
}

// A data directory that is none ends the daemon with a sentence.
func TestDataDirectoryThatIsAFile(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "")
	if err := os.WriteFile(filepath.Join(dir, "data"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := launchDaemon(t, dir)
	if code := d.wait(); code != exitFailed {
		t.Errorf("exit code %d, want %d", code, exitFailed)
	}
	if log := d.log(); !strings.Contains(log, "open the journal in") || strings.Contains(log, "goroutine") {
		t.Errorf("it said:\n%s", log)
	}
}

// Nor does one that it may not write, which time does not mend.
func TestDataDirectoryWithoutPermission(t *testing.T) {
	t.Parallel()
	dir := daemonDir(t, "")
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o500); err != nil {
		t.Fatal(err)
	}
	d := launchUnder(t, []string{"unshare", "--user"}, dir) // where not even root may do what it wants
	if code := d.wait(); code != exitNotAllowed {
		t.Errorf("exit code %d, want %d", code, exitNotAllowed)
	}
	if log := d.log(); !strings.Contains(log, "permission denied: the directory and all in it must belong to the user") {
		t.Errorf("it said:\n%s", log)
	}
}
