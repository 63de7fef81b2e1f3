package send

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/alerts/hooks/hooktest"
)

func TestText(t *testing.T) {
	fires := hooktest.Golden()
	fires.Alert.Annotations = map[string]string{"summary": "/ is full in 4 h", "description": "It had 3 GiB left.\nDelete something."}
	ends := fires
	ends.Kind = alerts.KindResolved
	ends.Alert.EndsAt = ends.Alert.StartsAt.Add(125 * time.Second)
	other := hooktest.Firing("LoadHigh")
	for _, c := range []struct {
		name        string
		events      []alerts.Event
		title, body string
	}{
		{"firing", []alerts.Event{fires}, "FIRING DiskFull on web1 (critical)", "FIRING DiskFull on web1\n/ is full in 4 h\n" +
			"It had 3 GiB left.\nDelete something.\nvalue 93.5, since 2025-11-21 00:00:00 UTC\nhttp://web1:6455/graph?g0.expr=up"},
		{"resolved", []alerts.Event{ends}, "RESOLVED DiskFull on web1 (critical)", "RESOLVED DiskFull on web1\n/ is full in 4 h\n" +
			"It had 3 GiB left.\nDelete something.\nvalue 93.5, since 2025-11-21 00:00:00 UTC, for 2m5s\nhttp://web1:6455/graph?g0.expr=up"},
		{"several", []alerts.Event{ends, fires, fires, other}, "FIRING 3: DiskFull, LoadHigh; RESOLVED 1: DiskFull", ""},
	} {
		got := textOf(c.events, "host", 3500)
		if got.title != c.title || c.body != "" && got.body != c.body {
			t.Errorf("%s:\n%s\n%s", c.name, got.title, got.body)
		}
	}
	bare := fires
	bare.Alert = alerts.Alert{Labels: labels.FromStrings("alertname", "X")}
	if got := textOf([]alerts.Event{bare}, "host", 3500); got.title != "FIRING X on host" || got.body != "FIRING X on host\nvalue 0" {
		t.Errorf("of little: %+v", got)
	}
}

func TestTextIsBounded(t *testing.T) {
	e := hooktest.Golden()
	e.Alert.Annotations = map[string]string{"summary": strings.Repeat("ä", 10000), "description": strings.Repeat("long\n", 10000)}
	many := make([]alerts.Event, 1000)
	for i := range many {
		many[i] = hooktest.Golden()
	}
	for _, limit := range []int{1000, 1900, 3500, 32 << 10} {
		for _, events := range [][]alerts.Event{{e}, many, append([]alerts.Event{e}, many...)} {
			got := textOf(events, "host", limit)
			if len(got.title) > titleBytes || len(got.body) > limit || got.body == "" || !utf8.ValidString(got.body) {
				t.Errorf("within %d: title of %d bytes, body of %d", limit, len(got.title), len(got.body))
			}
		}
	}
	if got := textOf(many, "host", 1000); !strings.HasSuffix(got.body, " more") {
		t.Errorf("1000 alerts end with %q", got.body[len(got.body)-40:])
	}
}

// hostile are strings that something takes for more than text.
var hostile = []string{
	"\x1b[2J\x1b]0;owned\a", "a\r\nBcc: all@example.com\r\n\r\nbody", "\u202egnp.exe", "\x00", "\xff\xfe", "\u200b\u2066x",
	"@everyone @here <!channel> <users/all> @all @room", "<script>alert(1)</script>", "[click](http://evil.example)",
	"{{ .title }}", "$(reboot)", "`reboot`", "\r\n.\r\nMAIL FROM:<x@example.com>\r\n", "<at user_id=\"all\">all</at>",
}

func TestHostileText(t *testing.T) {
	for _, h := range hostile {
		e := hooktest.Golden()
		e.Alert.Labels = labels.FromStrings("alertname", h, "instance", h, "severity", h)
		e.Alert.Annotations = map[string]string{"summary": h, "description": h}
		e.Alert.GeneratorURL = h
		got := textOf([]alerts.Event{e}, h, 3500)
		for _, r := range got.title + strings.ReplaceAll(got.body, "\n", "") {
			if !unicode.IsPrint(r) {
				t.Errorf("%q gives %q", h, got)
				break
			}
		}
	}
}
