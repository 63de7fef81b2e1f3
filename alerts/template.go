package alerts

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	promtemplate "github.com/prometheus/prometheus/template"
)

// maxExpanded bounds one label or annotation after templating; what is longer is
// cut and ends in "…".
const maxExpanded = 4 << 10

// A template is the text of a label or an annotation, in the language of
// Prometheus' alert templates.
type template struct {
	name string
	text string
}

// plain reports whether the text stands for itself.
func (t template) plain() bool { return !strings.Contains(t.text, "{{") }

// steady reports whether the text depends on nothing but labels: it is plain, or
// names labels without further ado.
func (t template) steady() bool {
	rest := t.text
	for {
		_, after, found := strings.Cut(rest, "{{")
		if !found {
			return true
		}
		var action string
		action, rest, _ = strings.Cut(after, "}}")
		name, ok := strings.CutPrefix(strings.TrimSpace(action), "$labels.")
		if !ok || name == "" || strings.ContainsFunc(name, notInLabelName) {
			return false
		}
	}
}

func notInLabelName(r rune) bool {
	return !(r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
}

func templatesOf(pairs map[string]string) []template {
	list := make([]template, 0, len(pairs))
	for name, text := range pairs {
		list = append(list, template{name: name, text: text})
	}
	slices.SortFunc(list, func(a, b template) int { return cmp.Compare(a.name, b.name) })
	return list
}

// templateDefs are the variables that Prometheus defines for every alert template.
const templateDefs = "{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}"

// An expander executes templates. It is safe for concurrent use if its query is.
type expander struct {
	query    promtemplate.QueryFunc
	external map[string]string // $externalLabels
	url      *url.URL
}

// expand executes a template for one element of a rule's result. A fault gives
// the text that Prometheus would give, and the error.
func (x *expander) expand(ctx context.Context, t template, of metricSample) (string, error) {
	if t.plain() {
		return clip(t.text), nil
	}
	data := promtemplate.AlertTemplateData(of.labels.Map(), x.external, x.url.String(), promql.Sample{F: of.value})
	te := promtemplate.NewTemplateExpander(ctx, bounded(templateDefs+t.text), t.name, data, model.Time(of.t), steps(x.query), x.url, nil)
	out, err := te.Expand()
	if err != nil {
		err = plainly(err)
		return clip(fmt.Sprintf("<error expanding template: %s>", err)), err
	}
	return clip(out), nil
}

// metricSample is what a template is about: an element of a result, name included.
type metricSample struct {
	labels labels.Labels
	value  float64
	t      int64
}

// clip makes text valid UTF-8 of a bounded length.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxExpanded {
		return s
	}
	cut := maxExpanded - len("…")
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// trialValues are what labels may well look like. A template may demand one of
// them (parseDuration, slice) and is at fault only if it goes wrong with all.
func trialValues() []string {
	return []string{"", "1", "1h", "web1.example.org:9100", strings.Repeat("1", 64)}
}

// try parses and executes the template on made-up elements, so that a misspelt
// function or field is found when the rule is loaded and not when it fires.
func (t template) try() error {
	if t.plain() {
		return nil
	}
	var first error
	for _, value := range trialValues() {
		_, err := (&expander{query: tryQuery(value), url: &url.URL{Scheme: "http", Host: "localhost"}}).
			expand(context.Background(), t, metricSample{labels: t.trialLabels(value), value: 1, t: time.Now().UnixMilli()})
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	return fmt.Errorf("is no template that works: %w; see Prometheus' documentation of alert templates", first)
}

// trialLabels gives every label that the template may mean the same value.
func (t template) trialLabels(value string) labels.Labels {
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, name := range strings.FieldsFunc(t.text, notInLabelName) {
		b.Set(name, value)
	}
	return b.Labels()
}

// tryQuery checks the expression that a template asks for and answers with one
// element.
func tryQuery(value string) promtemplate.QueryFunc {
	return func(_ context.Context, expr string, at time.Time) (promql.Vector, error) {
		if _, err := parser.NewParser(parser.Options{}).ParseExpr(expr); err != nil {
			return nil, err
		}
		return promql.Vector{{T: at.UnixMilli(), F: 1, Metric: labels.FromStrings("instance", value)}}, nil
	}
}
