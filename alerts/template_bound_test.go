package alerts

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	promtemplate "github.com/prometheus/prometheus/template"
)

func threeSeries(context.Context, string, time.Time) (promql.Vector, error) {
	return promql.Vector{
		{Metric: labels.FromStrings("instance", "c"), F: 3}, {Metric: labels.FromStrings("instance", "a"), F: 1},
		{Metric: labels.FromStrings("instance", "b"), F: 2},
	}, nil
}

func TestEndlessTemplatesEnd(t *testing.T) {
	x := &expander{url: &url.URL{}, query: threeSeries}
	for _, text := range []string{
		"{{ range 2000000000 }}{{ end }}done",
		"{{ range 2000000000 }}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx{{ end }}",
		"{{ range 100000 }}{{ range 100000 }}{{ continue }}{{ end }}{{ end }}",
		"{{ if true }}{{ with 1 }}{{ range 2000000000 }}{{ end }}{{ end }}{{ end }}",
		"{{ range 0 }}{{ else }}{{ range 2000000000 }}{{ end }}{{ end }}",
		`{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}`,
		`{{ define "y" }}{{ if lt (len .) 60 }}{{ template "y" (printf "%sa" .) }}{{ template "y" (printf "%sa" .) }}{{ end }}{{ end }}{{ template "y" "" }}`,
		`{{ block "z" . }}{{ range 2000000000 }}{{ end }}{{ end }}`,
		`{{ define "main" }}{{ range 2000000000 }}{{ end }}{{ end }}{{ template "main" }}`,
	} {
		got, err := x.expand(t.Context(), template{name: "t", text: text}, metricSample{})
		if !errors.Is(err, errTooManySteps) || got != "<error expanding template: "+errTooManySteps.Error()+">" {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
	if err := (template{name: "t", text: "{{ range 2000000000 }}{{ end }}"}).try(); !errors.Is(err, errTooManySteps) {
		t.Errorf("tried when it is loaded: %v", err)
	}

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := x.expand(ended, template{name: "t", text: "{{ range 5 }}x{{ end }}"}, metricSample{}); !errors.Is(err, context.Canceled) {
		t.Errorf("of an evaluation that is over: %v", err)
	}
}

// What is bounded says what it said before.
func TestBoundedTemplatesAreTheSame(t *testing.T) {
	of := metricSample{labels: labels.FromStrings("disk", "sda", "mode", "{{ range }}"), value: 1536, t: 100 * second}
	for _, text := range []string{
		"{{ range query \"up\" }}{{ .Labels.instance }}={{ .Value }} {{ end }}",
		"{{ range $i, $s := query `up` | sortByLabel \"instance\" }}{{ if $i }}, {{ end }}{{ $s.Labels.instance }}{{ else }}none{{ end }}.",
		"{{ range $k, $v := $labels }}{{ $k }}: {{ $v }}\n{{ end }}",
		"{{- range 3 -}} {{ . }} {{- end -}} x",
		"{ {{- range 2 }} { {{- . }} } {{ end -}} }",
		"{{ range 5 }}{{ if eq . 1 }}{{ continue }}{{ else if eq . 3 }}{{ break }}{{ end }}{{ . }}{{ end }}",
		"{{ $n := 0 }}{{ range query \"up\" }}{{ $n = len .Labels }}{{ end }}{{ $n }}",
		`{{ define "t" }}T{{ . }}{{ end }}{{ template "t" 5 }}{{ template "t" $labels.disk }}`,
		`{{ define "a\"b" }}{{ range 2 }}{{ . }}{{ end }}{{ end }}{{ template "a\"b" }}`,
		`{{ define "empty" }}{{ end }}[{{ template "empty" }}]`,
		`{{ block "b" $value }}{{ . | humanize }}{{ end }} block`,
		`{{ define "main" }}m{{ end }}{{ template "main" }}{{ range 1 }}{{/* a comment */}}'{{ "a\n" }}' {{ 'x' }} {{ 0x10 }} {{ (index (query "up") 1).Value }}{{ end }}`,
		"{{ with query \"up\" }}{{ range . }}{{ .Value | humanizePercentage }}{{ end }}{{ else with 5 }}{{ . }}{{ end }}",
		"a {{ range }}", "{{ define }}", "{{ range 3 }}", "{{ nothing }} range", "range of plain text", "{{ $labels.mode }} range",
		"{{ range $nope }}{{ end }}", `{{ define "d" }}{{ end }}{{ define "d" }}1{{ end }}{{ define "d" }}2{{ end }}`, `{{ template "none" }}range`,
	} {
		u := &url.URL{Scheme: "http", Host: "web1"}
		data := promtemplate.AlertTemplateData(of.labels.Map(), nil, u.String(), promql.Sample{F: of.value})
		want, wantErr := promtemplate.NewTemplateExpander(t.Context(), templateDefs+text, "t", data, model.Time(of.t), threeSeries, u, nil).Expand()
		got, err := (&expander{url: u, query: threeSeries}).expand(t.Context(), template{name: "t", text: text}, of)
		if wantErr != nil {
			if err == nil || !strings.HasPrefix(got, "<error expanding template: ") {
				t.Errorf("%s: %q, want %v", text, got, wantErr)
			}
			continue
		}
		if err != nil || got != want {
			t.Errorf("%s:\n%q, %v, want\n%q", text, got, err, want)
		}
	}
}
