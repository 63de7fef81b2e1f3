package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/history"
	"monitord/metric"
)

// recordLoad writes ten minutes of seconds to data/history in the working directory,
// with a load of 5 in the third minute and at the end, and returns the first tick. The
// history stays open, as a daemon would have it.
func recordLoad(t *testing.T) time.Time {
	t.Helper()
	db, err := history.Open(history.Options{Dir: filepath.Join("data", "history"), Config: history.DefaultConfig()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	reg := metric.NewRegistry(labels.EmptyLabels())
	up := reg.Intern(labels.FromStrings("__name__", "up", "instance", "web1"))
	load := reg.Intern(labels.FromStrings("__name__", "load", "instance", "web1"))
	start := time.Date(2026, 1, 31, 12, 55, 0, 0, time.UTC)
	for i := range 600 {
		v := 1.0
		if i >= 120 && i < 180 {
			v = 5 + float64(i-120)/100
		}
		if i >= 590 {
			v = 7
		}
		b := metric.Batch{T: start.Add(time.Duration(i) * time.Second).UnixMilli(), Points: []metric.Point{{Series: up, V: 1}, {Series: load, V: v}}}
		if err := db.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	return start
}

const loadRules = `
[[rules]]
record = "load:recorded"
expr = "load * 2"
[[rules]]
name = "Loaded"
expr = "load:recorded > 8"
for = "5s"
severity = "page"
annotations = { summary = "{{ $value }}" }
[[rules]]
name = "Never"
expr = "up == 0"
[[rules]]
name = "Impatient"
expr = "load > 4"
for = "2m"
`

func TestRulesReplay(t *testing.T) {
	t.Setenv("TZ", "UTC")
	writeFiles(t, map[string]string{
		"m.toml":     "[alerts]\ndefault_rules = false\n[[alerts.silences]]\nname = \"n\"\nmatchers = 'severity=\"page\"'\nstart = \"2026-01-31T12:57:50Z\"\nend = \"2026-01-31T12:58:20Z\"\n",
		"rules.toml": loadRules,
		"bad.toml":   "[[rules]]\nname = \"A\"\nexpr = \"up ==\"\n",
		"bad2.toml":  "lisen = 1\n",
	})
	start := recordLoad(t)
	at := func(second int) string { return start.Add(time.Duration(second) * time.Second).Format(time.RFC3339) }
	args := func(more ...string) []string {
		return append([]string{"rules", "replay", "--config", "m.toml", "--since", at(0), "--until", at(599), "rules.toml"}, more...)
	}
	local := func(second int) string {
		return start.Add(time.Duration(second) * time.Second).Local().Format("2006-01-02 15:04:05")
	}
	short := func(second int) string {
		return start.Add(time.Duration(second) * time.Second).Local().Format("01-02 15:04:05")
	}
	out, errs := runCommand(t, 0, args()...)
	want := fmt.Sprintf(`START           END             DURATION  PEAK   SEVERITY  ALERT
%s  %s  55s       11.18  page      Loaded (silenced for 10s)
%s  still firing    4s        14     page      Loaded

RULE       FIRINGS  STILL  TIME  LONGEST  PENDING  GROUP
Loaded     2        1      59s   55s      0        rules.toml
Impatient  0        0      0s    0s       2        rules.toml
never fired nor pending: Never
`, short(125), short(180), short(595))
	if out != want {
		t.Errorf("printed\n%s, want\n%s", out, want)
	}
	if !strings.HasPrefix(errs, "600 ticks recorded from "+local(0)+" to "+local(599)) {
		t.Errorf("said %q", errs)
	}

	var report replayReport
	out, _ = runCommand(t, 0, args("-o", "json", "--rule", "^Lo", "--step", "10s")...)
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatal(err)
	}
	if len(report.Totals) != 1 || len(report.Firings) == 0 || report.Firings[0].Seconds != 50 || report.Firings[0].Labels["severity"] != "page" || report.Ticks != 600 {
		t.Errorf("report %+v", report)
	}
	out, _ = runCommand(t, 0, args("-o", "csv")...)
	if lines := strings.Split(out, "\n"); len(lines) != 4 || lines[1] != `Loaded,2026-01-31T12:57:05Z,2026-01-31T12:58:00Z,false,false,55,10,11.18,"{alertname=""Loaded"", instance=""web1"", severity=""page""}"` {
		t.Errorf("printed\n%s", out)
	}

	out, _ = runCommand(t, 0, args("--since", at(150), "--rule", "Loaded", "--limit", "1")...)
	if want = "already firing  " + short(180) + "  30s       11.18  page      Loaded (silenced for 10s)\n… and 1 more: --limit 0 lists all"; !strings.Contains(out, want) {
		t.Errorf("printed\n%s, want\n%s", out, want)
	}
	if out, _ = runCommand(t, 0, args("--since", at(172))...); !strings.Contains(out, "  8s        11.18  page      Loaded (silenced)") {
		t.Errorf("printed\n%s", out)
	}
	if out, _ = runCommand(t, 0, args("--since", at(150), "--limit", "0", "-o", "json")...); !strings.Contains(out, `"alreadyFiring":true`) || !strings.Contains(out, `"silencedSeconds":10,"silencedBy":["`) {
		t.Errorf("printed\n%s", out)
	}

	for code, calls := range map[int][][]string{
		exitUsage:  {args("--since", "yesterday"), args("--rule", "("), args("-o", "xml"), args("--until", at(-1)), args("--step", "0s"), args("--limit", "-1")},
		exitFailed: {args("bad.toml"), args("none.toml"), args("--rule", "None"), {"rules", "replay", "--config", "m.toml"}, args("--since", "1h", "--until", at(-10))},
		exitConfig: {args("--config", "bad2.toml")},
	} {
		for _, call := range calls {
			if _, errs := runCommand(t, code, call...); !strings.HasPrefix(errs, "monitord: ") {
				t.Errorf("%v: said %q", call, errs)
			}
		}
	}
	damaged := filepath.Join("data", "history", "01ARZ3NDEKTSV4RRFFQ69G5FAV")
	if err := os.Mkdir(damaged, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, errs := runCommand(t, 0, args()...); !strings.Contains(errs, "level=ERROR") || !strings.Contains(errs, damaged) || !strings.Contains(errs, "600 ticks") {
		t.Errorf("of a block that cannot be read it said %q", errs)
	}
	t.Setenv("MONITORD_DATA_DIR", "elsewhere")
	if _, errs := runCommand(t, 1, args()...); !strings.Contains(errs, "there is no history in elsewhere/history: name the daemon's configuration") {
		t.Errorf("said %q", errs)
	}
	if err := readingAdvice(fmt.Errorf("open history: %w", &fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}), "x"); !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "run this as root") {
		t.Error(err)
	}
}

func TestProgressBar(t *testing.T) {
	for done, want := range map[float64]string{
		0:   "[..............................]   0 %, 16m40s left",
		0.5: "[###############...............]  50 %, 10s left",
		1:   "[##############################] 100 %",
	} {
		if got := progressBar(done, 10*time.Second); got != want {
			t.Errorf("%v: %q, want %q", done, got, want)
		}
	}
}
