package api

import (
	"math"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

func TestMetrics(t *testing.T) {
	reg := metric.NewRegistry(labels.FromStrings("job", "node", "instance", "web1"))
	load := metric.NewDesc("node_load1", metric.Gauge, "", "1m load average.")
	cpu := metric.NewDesc("node_cpu_seconds_total", metric.Counter, "seconds", "Seconds the CPUs spent in each mode.", "cpu", "mode")
	odd := metric.NewDesc("odd", metric.Untyped, "", "Two\nlines \\ and a \"quote\".", "v")
	bucket := metric.NewDesc("trip_seconds_bucket", metric.Histogram, "seconds", "How long.", "le")
	batch := metric.Batch{T: 1000, Points: []metric.Point{
		{Series: reg.Series(metric.NewDesc("trip_seconds_sum", metric.Histogram, "seconds", "How long.")), V: 12.5},
		{Series: reg.Series(bucket, "+Inf"), V: 4},
		{Series: reg.Series(bucket, "10"), V: 3},
		{Series: reg.Series(bucket, "2.5"), V: 1},
		{Series: reg.Series(metric.NewDesc("trip_seconds_count", metric.Histogram, "seconds", "How long.")), V: 4},
		{Series: reg.Series(odd, "a\"b\\c\nd"), V: math.NaN()},
		{Series: reg.Series(cpu, "1", "user"), V: 1234567.25},
		{Series: reg.Series(load), V: 0.5},
		{Series: reg.Series(metric.NewDesc("up", metric.Gauge, "", "")), V: 1},
		{Series: reg.Series(metric.NewDesc("scrape_samples_scraped", metric.Gauge, "", "")), V: 4},
		{Series: reg.Intern(labels.FromStrings("__name__", "rule:x", "job", "node")), V: math.Inf(1)},
		{Series: reg.Intern(labels.FromStrings("__name__", "rule:x", "job", "other")), V: 2},
		{Series: reg.Series(cpu, "0", "idle"), V: 1e15},
	}}
	const want = `# HELP node_cpu_seconds_total Seconds the CPUs spent in each mode.
# TYPE node_cpu_seconds_total counter
node_cpu_seconds_total{cpu="0",mode="idle"} 1e+15
node_cpu_seconds_total{cpu="1",mode="user"} 1.23456725e+06
# HELP node_load1 1m load average.
# TYPE node_load1 gauge
node_load1 0.5
# HELP odd Two\nlines \\ and a "quote".
# TYPE odd untyped
odd{v="a\"b\\c\nd"} NaN
# HELP trip_seconds How long.
# TYPE trip_seconds histogram
trip_seconds_bucket{le="2.5"} 1
trip_seconds_bucket{le="10"} 3
trip_seconds_bucket{le="+Inf"} 4
trip_seconds_sum 12.5
trip_seconds_count 4
`
	h := Metrics(func() metric.Batch { return batch }, quiet)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Body.String() != want {
		t.Errorf("got\n%s\nwant\n%s", w.Body.String(), want)
	}
	if got := w.Result().Header.Get("Content-Type"); got != "text/plain; version=0.0.4; charset=utf-8" {
		t.Errorf("content type %q", got)
	}
	batch = metric.Batch{}
	w = httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	if w.Code != http.StatusServiceUnavailable {
		t.Errorf("before the first tick: status %d", w.Code)
	}
}
