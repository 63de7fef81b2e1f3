package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// loopRules come and go by the wall clock alone, in every way there is: at once,
// after a while, not for long enough, several at a time, and never ending.
func loopRules(round int) string {
	rule := func(name, expr, more string) string {
		return fmt.Sprintf("[[alerts.rules]]\nname = %q\nexpr = %q\n%s\n", name, expr, more)
	}
	text := ""
	for i := range 6 {
		text += rule(fmt.Sprint("Blinks", i), fmt.Sprintf("vector(time()) %% %d < %d", 3+i, 1+i/2), "")
	}
	for i := range 3 {
		text += rule(fmt.Sprint("Held", i), fmt.Sprintf("vector(time()) %% %d < %d", 15+i, 8+i), `for = "3s"`)
		text += rule(fmt.Sprint("Short", i), fmt.Sprintf("vector(time()) %% %d < 3", 17+i), `for = "5s"`)
	}
	for i := range 2 {
		text += rule(fmt.Sprint("Group", i), fmt.Sprintf(`node_scrape_collector_success and on () (vector(time()) %% %d < 4)`, 11+i), "")
	}
	for i := range 2 {
		text += rule(fmt.Sprint("Kept", i), fmt.Sprintf("vector(time()) %% %d < 2", 8+i), `keep_firing_for = "2s"`)
	}
	text += rule("Flaps", "vector(time()) % 2 < 1 and on () vector(time()) % 24 < 12", `flap = { changes = 4, window = "8s" }`)
	text += rule("Hushed", "vector(time()) % 4 < 2", "") // silenced before the rule is there
	text += rule("Few", "vector(time()) % 5 < 2", `hooks = ["script"]`)
	text += rule("Nobody", "vector(time()) % 5 < 2", "hooks = []")
	// What a reload changes without touching an alert's identity.
	text += rule("Always", "up == 1", fmt.Sprintf("for = \"10s\"\nannotations = { round = \"%d\" }", round))
	if round%2 == 1 {
		text += rule("Odd", "vector(time()) % 4 < 3", "")
	}
	return text
}

// loopConfig is the configuration of a round; the last one has no rules.
func loopConfig(hook *loopReceiver, script string, rules string) string {
	return fmt.Sprintf(`[server]
external_url = "http://monitor.example"
[collectors.filesystem]
interval = "1s"
[collectors.network]
link_interval = "1s"
%s
[[alerts.hooks]]
name = "web"
type = "webhook"
url = "%s/web"
[[alerts.hooks]]
name = "flaky"
type = "webhook"
url = "%s/flaky"
timeout = "1s"
[[alerts.hooks]]
name = "script"
type = "exec"
command = [%q]
[[alerts.hooks]]
name = "grouped"
type = "webhook"
url = "%s/grouped"
group_by = ["alertname"]
group_wait = "1s"
[[alerts.hooks]]
name = "again"
type = "webhook"
url = "%s/again"
repeat = "2s"
`, rules, hook.URL, hook.URL, script, hook.URL, hook.URL)
}

// The daemon is killed at random moments, ended in peace, reloaded, while alerts come
// and go, hooks deliver and fail and a client follows. In the end the journal has
// every number once; each alert went through its life in order, with its times as
// they were; nothing that a client or a hook saw is missing; and every delivery was
// made, with the same key and the same body whenever it was tried again: also of
// groups, of repeats, and of alerts that are held firing. What is silenced from the
// start stays so, and no hook hears of it.
func TestKillLoop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run, err := os.MkdirTemp("", "monitord") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(run) })
	hook := newLoopReceiver(t)
	script, told := filepath.Join(dir, "hook"), filepath.Join(dir, "told")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$MONITORD_ALERT_SEQ $MONITORD_ALERT_STATUS $MONITORD_ALERT_NAME\" >> "+told+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	launch := func() *testDaemon { return launchDaemon(t, dir, "RUNTIME_DIRECTORY="+run) }
	writeConfig(t, dir, loopConfig(hook, script, ""))
	reader := &loopReader{socket: run + "/monitord.sock", seen: map[uint64]string{}}
	ctx, stop := context.WithCancel(t.Context())
	var reading sync.WaitGroup
	reading.Go(func() { reader.run(ctx, t) })
	painter := &loopPainter{socket: run + "/monitord.sock"}
	reading.Go(func() { painter.run(ctx, t) })

	d := startDaemon(t, dir, "RUNTIME_DIRECTORY="+run)
	silence := strings.TrimSpace(d.says(exitDone, "silence", "add", "Hushed", "--duration", "24h", "--comment", "from the start"))
	hook.failing(seed)
	writeConfig(t, dir, loopConfig(hook, script, loopRules(0)))
	d.signal(syscall.SIGHUP)
	kills, terms, reloads, readies := 0, 0, 0, 0
	pause := func() { <-time.After(time.Duration(r.IntN(2500)) * time.Millisecond) }
	ready := time.Now() // when it last was known to be
	for until := ready.Add(killing); (time.Now().Before(until) || readies < 5) && !t.Failed(); {
		// However slow the machine, it gets as far as that now and then.
		if time.Since(ready) > 5*time.Second {
			select {
			case <-d.printed("msg=ready"):
			case <-time.After(patience):
				t.Fatalf("it is not ready:\n%s", d.log())
			}
			ready = time.Now()
			readies++
		}
		pause()
		switch n := r.IntN(10); {
		case n < 3:
			writeConfig(t, dir, loopConfig(hook, script, loopRules(r.IntN(10))))
			eventually(t, "it takes signals", func() bool { return strings.Contains(d.log(), "starting") })
			d.signal(syscall.SIGHUP)
			reloads++
			continue
		case n < 8:
			d.kill()
			kills++
		default:
			if !exitedIn(d, func() { d.signal(syscall.SIGTERM) }, patience) {
				t.Fatalf("it did not end:\n%s", d.log())
			}
			terms++
		}
		d = launch()
	}
	hook.failing(0)
	d.kill()
	d = startDaemon(t, dir, "RUNTIME_DIRECTORY="+run) // with its rules, so that none is resolved by being gone
	eventually(t, "what always holds has fired", func() bool { return d.query(`ALERTS{alertname="Always"}`, "alertstate")["firing"] == "1" })
	eventually(t, "there is enough to compare", func() bool {
		n, _ := strconv.Atoi(d.query("monitord_journal_last_seq", "instance")["test-host"])
		return n >= 250 && hook.comparable()
	})
	// The tick at hand may still be judged by what is there by then, and it has its
	// time already.
	gone, err := strconv.ParseInt(d.query("timestamp(up) * 1000", "instance")["test-host"], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	writeConfig(t, dir, loopConfig(hook, script, ""))
	d.signal(syscall.SIGHUP)
	eventually(t, "every alert has ended", func() bool {
		n := d.query("monitord_alerts", "state")
		return n["firing"] == "0" && n["pending"] == "0"
	})
	d.kill() // what waits for its retry is tried at once after a start
	started := float64(time.Now().UnixMilli()) / 1000
	d = startDaemon(t, dir, "RUNTIME_DIRECTORY="+run)
	eventually(t, "everything is delivered", func() bool { return d.delivered(started, loopHooks) })
	d.signal(syscall.SIGTERM)
	if code := d.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
	stop()
	reading.Wait()
	t.Logf("%d kills, %d ends, %d reloads", kills, terms, reloads)
	checkLoop(t, filepath.Join(dir, "data", "journal"), loopEnd{reader, painter.pictures, hook.told(), scriptTold(t, told), silence, gone})
}

// delivered says whether nothing waits for hooks of this daemon, which was started at
// that time and whose hooks have read the journal.
func (d *testDaemon) delivered(started float64, hooks []string) bool {
	d.t.Helper()
	waiting := d.query(fmt.Sprintf("monitord_hook_waiting_deliveries and on () (process_start_time_seconds > %.3f and monitord_ticks_total >= 2)", started), "hook")
	for _, name := range hooks {
		if waiting[name] != "0" {
			return false
		}
	}
	return true
}

// exitedIn says whether a daemon ends in time after something was done to it.
func exitedIn(d *testDaemon, do func(), limit time.Duration) bool {
	select {
	case <-d.exited:
		return true // it had not got far enough
	default:
	}
	do()
	select {
	case <-d.exited:
		return true
	case <-time.After(limit):
		return false
	}
}
