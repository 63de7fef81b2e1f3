package trial

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"monitord/history"
)

// expression holds what an expression gives against one expectation.
func (r *run) expression(ctx context.Context, i int) {
	want := r.test.PromqlExprTest[i]
	text, got, err := r.compareSamples(ctx, want)
	if err != nil {
		text = err.Error()
	}
	if text != "" {
		f := r.fail(fmt.Sprintf(".promql_expr_test[%d]", i), fmt.Sprintf("%s at %s", want.Expr, formatDuration(want.EvalTime)), text)
		for _, s := range got {
			f.Samples = append(f.Samples, ExpectedSample{Labels: metricText(s.Metric), Value: s.F})
		}
	}
}

func (r *run) compareSamples(ctx context.Context, want ExprTest) (string, []promql.Sample, error) {
	at := time.UnixMilli(r.start).Add(want.EvalTime)
	res, err := r.db.Query(ctx, history.Request{Expr: want.Expr, Start: at})
	if err != nil {
		return "", nil, err
	}
	defer res.Close()
	var got []promql.Sample
	switch v := res.Value.(type) {
	case promql.Vector:
		got = slices.Clone(v)
	case promql.Scalar:
		got = []promql.Sample{{F: v.V}}
	default:
		return "", nil, errors.New("gives neither a vector nor a scalar, which cannot be compared")
	}
	var expected []promql.Sample
	for _, s := range want.ExpSamples {
		ls, err := language.ParseMetric(s.Labels)
		if err != nil {
			return "", nil, err
		}
		expected = append(expected, promql.Sample{Metric: ls, F: s.Value})
	}
	if slices.ContainsFunc(got, func(s promql.Sample) bool { return s.H != nil }) {
		return "", nil, history.ErrNotVector
	}
	return compareVectors(expected, got, r.fuzzy), got, nil
}

// compareVectors returns "" if both are the same, in whatever order, else what
// differs.
func compareVectors(expected, got []promql.Sample, fuzzy bool) string {
	var lines []string
	rest := slices.Clone(got)
	var open []promql.Sample
	for _, e := range expected {
		if i := slices.IndexFunc(rest, func(g promql.Sample) bool { return labels.Equal(e.Metric, g.Metric) && same(e.F, g.F, fuzzy) }); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
		} else {
			open = append(open, e)
		}
	}
	for _, e := range open {
		i := slices.IndexFunc(rest, func(g promql.Sample) bool { return labels.Equal(e.Metric, g.Metric) })
		if i < 0 {
			lines = append(lines, "expected, but not there: "+metricText(e.Metric)+" "+number(e.F))
			continue
		}
		lines = append(lines, fmt.Sprintf("%s\n    expected %s\n    got      %s", metricText(e.Metric), number(e.F), number(rest[i].F)))
		rest = slices.Delete(rest, i, i+1)
	}
	for _, g := range rest {
		lines = append(lines, "there, but not expected: "+metricText(g.Metric)+" "+number(g.F))
	}
	return strings.Join(lines, "\n")
}

func same(a, b float64, fuzzy bool) bool {
	if a == b || math.IsNaN(a) && math.IsNaN(b) {
		return true
	}
	return fuzzy && (math.Nextafter(a, math.Inf(-1)) == b || math.Nextafter(a, math.Inf(1)) == b)
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// metricText writes labels as in PromQL.
func metricText(ls labels.Labels) string {
	name := ls.Get(model.MetricNameLabel)
	if !model.LegacyValidation.IsValidMetricName(name) {
		return ls.String()
	}
	if rest := labels.NewBuilder(ls).Del(model.MetricNameLabel).Labels(); !rest.IsEmpty() {
		return name + rest.String()
	}
	return name
}
