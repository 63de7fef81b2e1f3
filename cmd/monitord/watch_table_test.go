package main

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"monitord/stream/client"
	"monitord/stream/wire"
)

func paintModel(m *tableModel, width, height, drawn int, colour bool) string {
	var b bytes.Buffer
	paint(&b, m.lines(width), width, height, drawn, colour)
	return b.String()
}

func exampleModel() *tableModel {
	requests := []wire.Request{{ID: "1", Kind: wire.KindQuery, Expr: "node_load1"}, {ID: "2", Kind: wire.KindAlerts}}
	m := newTableModel(requests)
	m.instance, m.words = "web1", "live"
	m.values(requests[0], &wire.Samples{T: 5000, V: []float64{0.25, wire.None(), math.Inf(1)}}, []wire.Labels{
		labelsOf("__name__", "a", "cpu", "0", "instance", "web1"),
		labelsOf("__name__", "a", "cpu", "1", "instance", "web1"),
		labelsOf("__name__", "a_long_name", "cpu", "10", "instance", "web1"),
	})
	m.alert(firing(1, 9, true))
	ended := firing(1, 10, false)
	ended.Event, ended.Alert.Fingerprint, ended.Alert.State, ended.Alert.EndsAt = "resolved", "x", "resolved", time.UnixMilli(5000)
	m.alert(ended)
	m.note("connection lost")
	return m
}

func TestTable(t *testing.T) {
	since := time.UnixMilli(5000).Format("01-02 15:04:05") // it fires, not it was pending
	want := `web1  live  ` + clock(5000) + `

alerts: 1 firing, 0 pending
  firing    ` + since + `  critical  DiskFull{mountpoint="/srv"}  93.2  /srv is full
  resolved  ` + since + `  critical  DiskFull{mountpoint="/srv"}  93.2  /srv is full

node_load1
  a{cpu="0"}             0.25
  a_long_name{cpu="10"}  +Inf
! connection lost
`
	if got := paintModel(exampleModel(), 0, 0, 0, false); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// An expression that returns nothing any more sends nothing: the daemon's other
// words show that its last value is not the present.
func TestTableForgetsWhatIsNotSentAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := wire.Request{ID: "1", Kind: wire.KindQuery, Expr: "up == 0"}
		w := &watch{printer: newWatchTable(watchOptions{requests: []wire.Request{r}}, io.Discard, io.Discard, nil)}
		m := w.printer.(*watchTable).model
		if err := w.item(client.Item{Message: &wire.Hello{Interval: 1000}}); err != nil {
			t.Fatal(err)
		}
		m.values(r, &wire.Samples{T: 5000, V: []float64{0}}, []wire.Labels{labelsOf("__name__", "up")})
		for _, c := range []struct {
			after time.Duration
			want  string
		}{{15 * time.Second, "  up  0\n"}, {15 * time.Second, "  nothing\n"}} {
			time.Sleep(c.after)
			if err := w.item(client.Item{Message: &wire.Heartbeat{T: 35_000}}); err != nil {
				t.Fatal(err)
			}
			if got := paintModel(m, 0, 0, 0, false); !strings.Contains(got, c.want) || !strings.Contains(got, clock(35_000)) {
				t.Errorf("got %s, want %s", got, c.want)
			}
		}
		time.Sleep(time.Hour) // it is silence that tells nothing: the connection is lost
		m.values(r, &wire.Samples{T: 50_000, V: []float64{0}}, []wire.Labels{labelsOf("__name__", "up")})
		time.Sleep(time.Hour)
		if got := paintModel(m, 0, 0, 0, false); !strings.Contains(got, "  up  0\n") {
			t.Errorf("got %s", got)
		}
	})
}

func TestTableSaysWhatIsSilenced(t *testing.T) {
	m := newTableModel([]wire.Request{{ID: "2", Kind: wire.KindAlerts}})
	e := firing(1, 9, true)
	e.Event, e.Alert.SilencedBy = "silenced", []string{"x"}
	m.alert(e)
	if got := paintModel(m, 0, 0, 0, true); !strings.Contains(got, "  firing, silenced  ") {
		t.Errorf("got %q", got)
	}
}

func TestTableFitsTheTerminal(t *testing.T) {
	got := paintModel(exampleModel(), 20, 6, 5, false)
	if !strings.HasPrefix(got, "\x1b[5A\r") || !strings.HasSuffix(got, "\x1b[J") {
		t.Errorf("not in place: %q", got)
	}
	got = strings.NewReplacer("\x1b[5A\r", "", "\x1b[K", "", "\x1b[J", "").Replace(got)
	lines := strings.Split(strings.TrimSuffix(got, "\n"), "\n")
	if len(lines) != 5 || lines[4] != "… and 6 more lines" {
		t.Errorf("lines %q", lines)
	}
	for _, l := range lines {
		if n := len([]rune(l)); n > 19 {
			t.Errorf("%d columns: %q", n, l)
		}
	}
}

func TestNarrowTableKeepsTheValues(t *testing.T) {
	got := paintModel(exampleModel(), 20, 40, 0, false)
	if !strings.Contains(got, "  a{cpu=\"0\"}   0.25\x1b[K\n") || !strings.Contains(got, "  a_long_nam…  +Inf\x1b[K\n") {
		t.Errorf("got\n%s", got)
	}
}

func TestTableColours(t *testing.T) {
	if got := paintModel(exampleModel(), 100, 40, 0, true); !strings.Contains(got, "\x1b[31mfiring\x1b[0m") {
		t.Errorf("no colour: %q", got)
	}
	if got := paintModel(exampleModel(), 0, 0, 0, false); strings.Contains(got, "\x1b") {
		t.Errorf("colour: %q", got)
	}
}

// hostile are strings that a terminal would obey, or that hide what they are.
var hostile = []string{
	"\x1b[2J", "\x1b]0;title\x07", "\x1b]52;c;aGk=\x1b\\", "a\rb", "a\nb", "a\x00b", "a\x7fb", "a\u009b31mb", "a\u0085b",
	"a\u202eb", "a\u2066b", "a\u200bb", "a\ufeffb", "a\u2028b", "\xff\xfe", "\x1bP\x1b\\", "\x0e\x0f", "\b\b\b", "\a", "\v\f",
}

func TestNoFormatPassesControlBytes(t *testing.T) {
	for _, evil := range hostile {
		labels := labelsOf("__name__", "x"+evil, "l"+evil, evil)
		e := firing(1, 9, false)
		e.Alert.Labels = append(labelsOf("alertname", evil), labels...)
		e.Alert.Annotations = labelsOf("summary", evil)
		e.Alert.State = evil
		m := &wire.Samples{T: 5000, V: []float64{1}}
		for _, format := range []string{"table", "json", "raw", "csv", "prom"} {
			var out, errs bytes.Buffer
			o := watchOptions{format: format, requests: []wire.Request{{ID: "1", Kind: wire.KindQuery, Expr: evil}, {ID: "2", Kind: wire.KindAlerts}}}
			p, err := newWatchPrinter(o, &out, &errs)
			if err != nil {
				t.Fatal(err)
			}
			raw := e.AppendJSON(nil)
			p.state(wire.Hello{Instance: evil}, "live")
			p.note(evil)
			for _, err := range []error{
				p.message(raw), p.values(o.requests[0], m, []wire.Labels{labels}), p.alert(e, raw), p.close(),
			} {
				if err != nil {
					t.Errorf("%s: %v", format, err)
				}
			}
			for _, written := range []string{out.String(), errs.String()} {
				if i := strings.IndexFunc(written, func(r rune) bool { return r != '\n' && unicode.Is(unicode.Cc, r) }); i >= 0 {
					t.Errorf("%s: %q has a control byte at %d", format, written, i)
				}
			}
			if format == "json" || format == "raw" {
				for line := range strings.Lines(out.String()) {
					if !json.Valid([]byte(line)) {
						t.Errorf("%s: not JSON: %q", format, line)
					}
				}
			}
		}
	}
}

func TestMetricName(t *testing.T) {
	for _, c := range []struct {
		labels wire.Labels
		want   string
	}{
		{nil, "{}"},
		{labelsOf("__name__", "up"), "up"},
		{labelsOf("a", `1"\`), `{a="1\"\\"}`},
		{labelsOf("__name__", "up", "a", "1", "b", "2"), `up{a="1",b="2"}`},
	} {
		if got := metricName(c.labels); got != c.want {
			t.Errorf("%v: %s, want %s", c.labels, got, c.want)
		}
	}
}

func TestShortFloat(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 5: "5", -3: "-3", 0.8799999999999955: "0.88", 0.00012345678: "0.000123457", 1e-9: "1e-09",
		1234.56789: "1234.57", 16777216000: "16777216000", 123456789.75: "123456790", 99999.96: "100000", 1e21: "1e+21", math.Inf(-1): "-Inf",
	} {
		if got := shortFloat(v); got != want {
			t.Errorf("%v: %s, want %s", v, got, want)
		}
	}
}
