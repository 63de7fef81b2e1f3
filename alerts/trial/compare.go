package trial

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
)

// alerts holds what fires now against one expectation.
func (r *run) alerts(i int) {
	want := r.test.AlertRuleTest[i]
	var expected, firing []firingAlert
	for _, e := range want.ExpAlerts {
		ls := maps.Clone(e.ExpLabels)
		if ls == nil {
			ls = make(map[string]string, 1)
		}
		ls[labels.AlertName] = want.Alertname
		expected = append(expected, firingAlert{ls, e.ExpAnnotations})
	}
	for _, s := range r.engine.Rules() {
		if s.Rule.Recording || s.Rule.Name != want.Alertname {
			continue
		}
		for _, a := range s.Alerts {
			if a.State == alerts.PhaseFiring {
				firing = append(firing, firingAlert{a.Labels.Map(), a.Annotations})
			}
		}
	}
	if text := compareAlerts(expected, firing); text != "" {
		f := r.fail(fmt.Sprintf(".alert_rule_test[%d]", i), fmt.Sprintf("alert %s at %s", want.Alertname, formatDuration(want.EvalTime)), text)
		for _, a := range firing {
			f.Alerts = append(f.Alerts, ExpectedAlert{ExpLabels: a.labels, ExpAnnotations: a.annotations})
		}
	}
}

// A firingAlert is an alert as far as tests look at it.
type firingAlert struct{ labels, annotations map[string]string }

func (a firingAlert) equal(b firingAlert) bool {
	return maps.Equal(a.labels, b.labels) && maps.Equal(a.annotations, b.annotations)
}

// distance counts the labels that are not the same, and the annotations.
func (a firingAlert) distance(b firingAlert) (ls, annotations int) {
	return len(differing(a.labels, b.labels)), len(differing(a.annotations, b.annotations))
}

// compareAlerts returns "" if both are the same, in whatever order, else what
// differs: alerts that resemble each other are shown as one that differs.
func compareAlerts(expected, got []firingAlert) string {
	var missing, alike []string
	rest := slices.Clone(got)
	var open []firingAlert
	for _, e := range expected {
		if i := slices.IndexFunc(rest, e.equal); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		} else {
			open = append(open, e)
		}
	}
	for _, e := range open {
		best, nearest := -1, math.MaxInt
		for i := range rest {
			ls, annotations := e.distance(rest[i])
			if ls < len(e.labels) && ls+annotations < nearest {
				best, nearest = i, ls+annotations
			}
		}
		if best < 0 {
			missing = append(missing, "expected, but does not fire:", e.describe())
			continue
		}
		alike = append(alike, "fires, but differs: "+labels.FromMap(rest[best].labels).String())
		alike = append(alike, differences("labels.", e.labels, rest[best].labels)...)
		alike = append(alike, differences("annotations.", e.annotations, rest[best].annotations)...)
		rest = slices.Delete(rest, best, best+1)
	}
	lines := append(alike, missing...)
	for _, a := range rest {
		lines = append(lines, "fires, but is not expected:", a.describe())
	}
	return strings.Join(lines, "\n")
}

func (a firingAlert) describe() string {
	lines := []string{"    labels      " + labels.FromMap(a.labels).String()}
	if len(a.annotations) > 0 {
		lines = append(lines, "    annotations "+labels.FromMap(a.annotations).String())
	}
	return strings.Join(lines, "\n")
}

// differing returns the keys at which two maps are not the same.
func differing(expected, got map[string]string) []string {
	keys := maps.Clone(got)
	if keys == nil {
		keys = make(map[string]string)
	}
	maps.Copy(keys, expected)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(keys)), func(key string) bool {
		e, wanted := expected[key]
		g, there := got[key]
		return wanted == there && e == g
	})
}

// differences describes them.
func differences(prefix string, expected, got map[string]string) []string {
	var lines []string
	for _, key := range differing(expected, got) {
		e, wanted := expected[key]
		g, there := got[key]
		lines = append(lines, "    "+prefix+key, "        expected "+quoted(e, wanted), "        got      "+quoted(g, there))
	}
	return lines
}

func quoted(s string, there bool) string {
	if !there {
		return "nothing"
	}
	return strconv.Quote(s)
}
