package api

import (
	"bufio"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// Metrics returns the handler of /metrics: the series of the current batch in
// the text format 0.0.4, without the labels job and instance, which whoever
// scrapes sets. There is no timestamp: values are at most one tick old. Only
// the text format is offered, because OpenMetrics would rename counters whose
// names do not end in _total, and names are node_exporter's.
func Metrics(current func() metric.Batch, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b := current()
		if len(b.Points) == 0 {
			http.Error(w, "nothing has been collected yet", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", string(expfmt.NewFormat(expfmt.TypeTextPlain)))
		out := bufio.NewWriterSize(w, 32<<10)
		for _, f := range families(b) {
			if _, err := expfmt.MetricFamilyToText(out, f); err != nil {
				log.Warn("metric left out of /metrics", "metric", f.GetName(), "err", err)
			}
		}
		if err := out.Flush(); err != nil {
			log.Debug("metrics were not taken", "err", err)
		}
	})
}

// families groups the points of a batch by metric, ordered by name and labels.
// Of series that differ in job or instance only, the first is kept.
func families(b metric.Batch) []*dto.MetricFamily {
	points := slices.Clone(b.Points)
	slices.SortFunc(points, func(a, b metric.Point) int {
		return labels.Compare(a.Series.Labels, b.Series.Labels)
	})
	byName := make(map[string]*dto.MetricFamily)
	seen := make(map[string]bool)
	joined := make(histograms)
	var out []*dto.MetricFamily
	for _, p := range points {
		if !shown(p.Series) {
			continue
		}
		name, pairs, id := exposed(p.Series.Labels)
		if name == "" || seen[id] {
			continue
		}
		seen[id] = true
		var m *dto.Metric
		if isHistogram(p.Series) {
			if name, m = joined.add(name, pairs, p.V); m == nil {
				continue
			}
		}
		f := byName[name]
		if f == nil {
			f = newFamily(name, p.Series.Desc)
			byName[name] = f
			out = append(out, f)
		}
		if m == nil {
			m = newMetric(f.GetType(), pairs, p.V)
		}
		f.Metric = append(f.Metric, m)
	}
	joined.finish()
	slices.SortFunc(out, func(a, b *dto.MetricFamily) int { return strings.Compare(a.GetName(), b.GetName()) })
	return out
}

// shown tells what a host has from what whoever scrapes adds to it: the report of
// the scrape, and the results of rules, would stand in the way of its own.
func shown(s *metric.Series) bool {
	if s.Desc == nil {
		return false
	}
	switch s.Desc.Name {
	case "up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling", "scrape_series_added":
		return false
	}
	return true
}

// exposed returns a series' metric name, its labels as they are shown, and a key
// for both.
func exposed(ls labels.Labels) (name string, pairs []*dto.LabelPair, id string) {
	var key strings.Builder
	ls.Range(func(l labels.Label) {
		switch l.Name {
		case model.MetricNameLabel:
			name = l.Value
		case "job", "instance":
			return
		default:
			pairs = append(pairs, &dto.LabelPair{Name: &l.Name, Value: &l.Value})
		}
		key.WriteString(l.Name + "\xff" + l.Value + "\xff")
	})
	return name, pairs, key.String()
}

func newFamily(name string, d *metric.Desc) *dto.MetricFamily {
	f := &dto.MetricFamily{Name: &name, Type: dto.MetricType_UNTYPED.Enum()}
	if d == nil {
		return f
	}
	if d.Help != "" {
		f.Help = &d.Help
	}
	switch d.Type {
	case metric.Counter:
		f.Type = dto.MetricType_COUNTER.Enum()
	case metric.Gauge:
		f.Type = dto.MetricType_GAUGE.Enum()
	case metric.Histogram:
		f.Type = dto.MetricType_HISTOGRAM.Enum()
	}
	return f
}

func newMetric(t dto.MetricType, pairs []*dto.LabelPair, v float64) *dto.Metric {
	m := &dto.Metric{Label: pairs}
	switch t {
	case dto.MetricType_COUNTER:
		m.Counter = &dto.Counter{Value: &v}
	case dto.MetricType_GAUGE:
		m.Gauge = &dto.Gauge{Value: &v}
	default:
		m.Untyped = &dto.Untyped{Value: &v}
	}
	return m
}
