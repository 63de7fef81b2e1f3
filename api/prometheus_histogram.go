package api

import (
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"

	"monitord/metric"
)

// histograms puts the series of histograms, which are stored one by one, together
// again: in the text format they are one metric.
type histograms map[string]*dto.Metric // by name and labels without the bucket's bound

// add takes a series in and returns the histogram's own name, and its metric if
// this is the first of its series.
func (h histograms) add(name string, pairs []*dto.LabelPair, v float64) (string, *dto.Metric) {
	base, part := name, ""
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		if s, ok := strings.CutSuffix(name, suffix); ok {
			base, part = s, suffix
		}
	}
	bound := ""
	pairs = slices.DeleteFunc(pairs, func(p *dto.LabelPair) bool {
		if p.GetName() == model.BucketLabel {
			bound = p.GetValue()
			return true
		}
		return false
	})
	var key strings.Builder
	key.WriteString(base)
	for _, p := range pairs {
		key.WriteString("\xff" + p.GetName() + "\xff" + p.GetValue())
	}
	m, known := h[key.String()]
	if !known {
		m = &dto.Metric{Label: pairs, Histogram: &dto.Histogram{}}
		h[key.String()] = m
	}
	count := uint64(max(v, 0))
	switch part {
	case "_sum":
		m.Histogram.SampleSum = &v
	case "_count":
		m.Histogram.SampleCount = &count
	case "_bucket":
		if upper, err := strconv.ParseFloat(bound, 64); err == nil {
			m.Histogram.Bucket = append(m.Histogram.Bucket, &dto.Bucket{UpperBound: &upper, CumulativeCount: &count})
		}
	}
	if known {
		return base, nil
	}
	return base, m
}

// finish orders the buckets: their bounds are labels, which are ordered as text.
func (h histograms) finish() {
	for _, m := range h {
		slices.SortFunc(m.Histogram.Bucket, func(a, b *dto.Bucket) int {
			if a.GetUpperBound() < b.GetUpperBound() {
				return -1
			}
			return 1
		})
	}
}

func isHistogram(s *metric.Series) bool { return s.Desc != nil && s.Desc.Type == metric.Histogram }
