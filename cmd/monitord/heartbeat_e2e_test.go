package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"monitord/alerts/hooks"
)

// The heartbeat stops while the disk takes nothing, comes back with it, and is
// not mixed with the alerts that say so.
func TestHeartbeatStopsWhenTheDiskTakesNothing(t *testing.T) {
	t.Parallel()
	var beats atomic.Int64
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text := readAll(t, r.Body)
		if !strings.Contains(text, `"alertname":"Watchdog"`) || !strings.Contains(text, `"heartbeat":true`) || !strings.Contains(text, `"status":"firing"`) {
			t.Errorf("got %s", text)
		}
		beats.Add(1)
	}))
	defer receiver.Close()
	d := startDaemon(t, daemonDir(t, fmt.Sprintf("[[alerts.hooks]]\nname = \"alive\"\ntype = \"webhook\"\nurl = %q\nheartbeat = \"2s\"\n", receiver.URL)))
	withheld := func() int {
		n, _ := strconv.Atoi(d.query(`monitord_hook_chores_total{hook="alive",result="failed"}`, "hook")["alive"])
		return n
	}
	eventually(t, "it beats", func() bool { return beats.Load() >= 2 })
	eventually(t, "they are listed", func() bool {
		fields := strings.Fields(d.says(exitDone, "hook", "list"))
		at := slices.Index(fields, "beats")
		if at < 1 {
			return false
		}
		n, err := strconv.Atoi(fields[at-1])
		return err == nil && n >= 2
	})
	var list []hooks.Status
	if err := json.Unmarshal([]byte(d.says(exitDone, "hook", "list", "-o", "json")), &list); err != nil || list[0].Heartbeats == nil || list[0].Heartbeats.Last == nil {
		t.Errorf("listed %+v, %v", list, err)
	}

	restore := d.limit(unix.RLIMIT_FSIZE, 0)
	eventually(t, "the history says that it cannot write", func() bool {
		return d.query("monitord_history_writable", "instance")["test-host"] == "0"
	})
	// One may have been on its way, or not sent for another reason.
	missed := withheld()
	eventually(t, "one was not sent", func() bool { return withheld() > missed })
	before := beats.Load()
	missed = withheld()
	eventually(t, "nor were more", func() bool { return withheld() >= missed+2 })
	if n := beats.Load(); n != before {
		t.Errorf("%d heartbeats while the disk takes nothing", n-before)
	}
	said := func() int { return strings.Count(d.log(), "no heartbeat is sent") }
	eventually(t, "the log says so", func() bool { return said() > 0 })
	// Once for each reason in a row: there may have been another before.
	again := strings.Count(d.log(), "succeeds again")
	if n := said(); n > 2+again {
		t.Errorf("the log says %d times that none is sent:\n%s", n, d.log())
	}

	restore()
	eventually(t, "it beats again", func() bool { return beats.Load() >= before+2 })
}
