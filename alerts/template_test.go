package alerts

import (
	"context"
	"errors"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"monitord/metric"
)

func TestExpand(t *testing.T) {
	x := &expander{
		url: &url.URL{Scheme: "http", Host: "web1:6455", Path: "/m"},
		query: func(_ context.Context, expr string, at time.Time) (promql.Vector, error) {
			if expr == "fails" {
				return nil, errors.New("no history")
			}
			return promql.Vector{{Metric: labels.FromStrings("q", expr), F: float64(at.Unix())}}, nil
		},
	}
	of := metricSample{labels: labels.FromStrings("__name__", "m", "disk", "sda", "odd", "{{ $value }}"), value: 1536, t: 100 * second}
	for text, want := range map[string]string{
		"plain":                               "plain",
		"":                                    "",
		"{{ $labels.disk }} {{ $value }}":     "sda 1536",
		"{{ .Labels.disk }} {{ .Value }}":     "sda 1536",
		"{{ $labels.__name__ }}":              "m",
		"{{ $labels.none }}.":                 ".",
		"{{ $labels.odd }}":                   "{{ $value }}", // a label is data
		"{{ $value | humanize1024 }}B":        "1.5kiB",
		"{{ $externalURL }} {{ pathPrefix }}": "http://web1:6455/m /m",
		`{{ query "x" | first | value }}`:     "100",
		`{{ query "x" | first | label "q" }}`: "x",
		`{{ query "fails" }}`:                 `<error expanding template: error executing template t:`,
		"{{ nothing }}":                       `<error expanding template: error parsing template t:`,
		`{{ reReplaceAll "(" "" "" }}`:        `<error expanding template: `,
		"\xffx":                               "\uFFFDx",
	} {
		got, err := x.expand(t.Context(), template{name: "t", text: text}, of)
		if strings.HasPrefix(want, "<error") {
			if err == nil || !strings.HasPrefix(got, want) {
				t.Errorf("%s: %q, %v; want %q…", text, got, err, want)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestClip(t *testing.T) {
	for _, s := range []string{strings.Repeat("x", 2*maxExpanded), strings.Repeat("é", 2*maxExpanded), strings.Repeat("\xf0\x9f\x98\x80", maxExpanded), "x" + strings.Repeat("日", maxExpanded)} {
		got := clip(s)
		if len(got) > maxExpanded || len(got) < maxExpanded-8 || !utf8.ValidString(got) || !strings.HasSuffix(got, "…") {
			t.Errorf("%d bytes, valid %v, end %q", len(got), utf8.ValidString(got), got[len(got)-4:])
		}
	}
	if s := strings.Repeat("x", maxExpanded); clip(s) != s {
		t.Error("text of the full length is cut")
	}
}

func TestSteadyTemplates(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "plain": true, "{{ $labels.a }}": true, "{{$labels.a_1}}-{{ $labels.b }}": true, "{{ $labels.a }} {{": false,
		"{{ $value }}": false, "{{ $labels.a | toUpper }}": false, "{{ $labels. }}": false, "{{ . }}": false, "{{ now }}": false,
		"{{- $labels.a -}}": false, "{{ $labels.a }}{{ $value }}": false, "{{ $labels.a.b }}": false, "{{ if $labels.a }}x{{ end }}": false,
	} {
		if got := (template{text: text}).steady(); got != want {
			t.Errorf("%s: steady is %v, want %v", text, got, want)
		}
	}
}

// What is remembered of elements must not change what they become.
func TestSteadyLabelsOverTime(t *testing.T) {
	r := newRig(t, EngineOptions{},
		RuleConfig{Name: "Steady", Expr: "x", Labels: map[string]string{"d": "{{ $labels.disk }}"}},
		RuleConfig{Name: "Not", Expr: "x", Labels: map[string]string{"v": "{{ $value }}"}})
	var asked atomic.Int64 // both rules ask, beside each other
	r.answers["x"] = func(int64) ([]metric.Value, error) {
		n := asked.Add(1)
		return []metric.Value{{Labels: labels.FromStrings("disk", string(rune('a'+n/20))), V: float64(n / 4)}}, nil
	}
	known := 0
	for at := int64(100); at < 400; at++ {
		r.tick(at)
		for _, a := range r.Alerts() {
			if d := a.Labels.Get("d"); d != "" && d != a.Labels.Get("disk") {
				t.Fatalf("labels %s", a.Labels)
			}
			if v := a.Labels.Get("v"); v != "" && v != formatInt(a.Value) {
				t.Fatalf("labels %s, value %g", a.Labels, a.Value)
			}
		}
		known = max(known, len(r.trackers[0].known.of))
	}
	if known == 0 || known > 20 {
		t.Errorf("%d elements are remembered, want some and not all", known)
	}
}

func formatInt(v float64) string {
	b, _ := storedFloat(v).MarshalJSON()
	return string(b)
}

func TestAnnotationsAreBounded(t *testing.T) {
	long := make(map[string]string)
	for _, name := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		long[name] = "{{ range query \"q\" }}" + strings.Repeat("x", 8000) + "{{ end }}"
	}
	r := newRig(t, EngineOptions{}, RuleConfig{Name: "A", Expr: "x", Annotations: long, Labels: map[string]string{"bad": "a\u2028\x01{{ \"\\xff\" }}"}})
	r.answers["x"], r.answers["q"] = always(1, "mount", "/a\xff"), always(1)
	out := r.Eval(t.Context(), 100*second)
	size := 0
	for _, text := range out.Events[0].Alert.Annotations {
		size += len(text)
	}
	if size > maxNoteText+len(long)*len(textLeftOut) || len(out.Events[0].Alert.Annotations) != len(long) {
		t.Errorf("annotations are %d bytes", size)
	}
	if got := out.Events[0].Alert.Labels.Get("bad"); !utf8.ValidString(got) {
		t.Errorf("label %q is not UTF-8", got)
	}
	if got := out.Events[0].Alert.Labels.Get("mount"); got != "/a\uFFFD" {
		t.Errorf("label %q", got)
	}
	b, err := encodeEvent(&out.Events[0])
	if err != nil {
		t.Fatal(err)
	}
	if e, err := decodeEvent(b); err != nil || e.Alert.Fingerprint != out.Events[0].Alert.Fingerprint {
		t.Errorf("the fingerprint changes on its way through the journal: %v", err)
	}
}

// Readers and reloads go on while rules are evaluated.
func TestEngineIsReadWhileItEvaluates(t *testing.T) {
	rules := []RuleConfig{{Name: "A", Expr: "x", Annotations: map[string]string{"s": "{{ $value }}"}}, {Record: "r", Expr: "x"}}
	r := newRig(t, EngineOptions{Log: slog.New(slog.DiscardHandler)}, rules...)
	r.answers["x"] = func(t int64) ([]metric.Value, error) {
		if t/second%5 == 0 {
			return nil, errors.New("no luck")
		}
		return []metric.Value{{Labels: labels.FromStrings("n", string(rune('a'+t/second%7))), V: 1}}, nil
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_, _, _ = r.Rules(), r.Alerts(), r.Stats()
				_ = r.Load(inGroup(rules...))
			}
		}
	})
	for at := int64(100); at < 300; at++ {
		r.tick(at)
	}
	close(stop)
	wg.Wait()
}

// A daemon that stops while a label's query runs has learned nothing of the alert:
// with what stands for the query's failure as its label it would be another one.
func TestLabelsThatAreNotToBeHad(t *testing.T) {
	for name, stops := range map[string]bool{"the daemon stops": true, "the time is over": false} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, EngineOptions{Timeout: time.Hour}, RuleConfig{Name: "A", Expr: "a", Labels: map[string]string{"n": `{{ query "n" | first | value }}`}})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			r.answers["a"], r.answers["n"] = always(1), always(5)
			if got := r.tick(100); !slices.Equal(got, []string{`firing A{n="5"}`}) {
				t.Fatalf("%q", got)
			}
			r.answers["n"] = func(int64) ([]metric.Value, error) {
				if stops {
					cancel()
				}
				return nil, context.Canceled
			}
			if !stops {
				r.o.Timeout = time.Nanosecond
			}
			if got := brief(r.Eval(ctx, 101*second).Events); len(got) != 0 {
				t.Errorf("%q, want nothing", got)
			}
			if a := r.Alerts(); len(a) != 1 || a[0].State != PhaseFiring || a[0].Labels.Get("n") != "5" {
				t.Errorf("then there are %+v", a)
			}
		})
	}
}

// stopping answers all queries like another, and ends a context at one of them.
type stopping struct {
	Querier
	at  string
	end context.CancelFunc
}

func (s stopping) Instant(ctx context.Context, expr string, t int64) ([]metric.Value, error) {
	if expr == s.at {
		s.end()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return s.Querier.Instant(ctx, expr, t)
}

// What is told while the daemon stops is told in full: it is on disk, and hooks
// tell it after the next start.
func TestAnnotationsWhileTheDaemonStops(t *testing.T) {
	r := newRig(t, EngineOptions{}, RuleConfig{Name: "A", Expr: "a", Annotations: map[string]string{"n": `{{ query "n" | first | value }}`}})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.answers["a"], r.answers["n"] = always(1), always(5)
	r.o.Query = stopping{r.o.Query, "n", cancel}
	events := r.Eval(ctx, 100*second).Events
	if len(events) != 1 || events[0].Alert.Annotations["n"] != "5" {
		t.Errorf("%+v", events)
	}
}
