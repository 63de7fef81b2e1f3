package collectors

import (
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"monitord/metric"
)

// theirs is what node_exporter has and we leave out, ours the reverse.
var (
	theirs = map[string]string{
		seriesName("node_network_speed_bytes", "device", "wlan0"): "negative: the driver's way to say unknown",
		"node_disk_info": "needs udev's database",
	}
	ours = map[string]string{
		"node_network_receive_nohandler_total":    "node_exporter takes it from netlink, which cannot be recorded",
		"node_pressure_irq_stalled_seconds_total": "since node_exporter 1.9",
		"up":                                    "written by who scrapes",
		"scrape_duration_seconds":               "written by who scrapes",
		"scrape_samples_scraped":                "written by who scrapes",
		"scrape_samples_post_metric_relabeling": "written by who scrapes",
		"scrape_series_added":                   "written by who scrapes",
	}
)

// incomparable are metrics whose values come from elsewhere than the recorded
// trees: only their names, types and labels are compared.
var incomparable = []string{
	"node_scrape_collector_duration_seconds", "node_time_seconds", "node_time_zone_offset_seconds",
	"node_filesystem_size_bytes", "node_filesystem_free_bytes", "node_filesystem_avail_bytes",
	"node_filesystem_files", "node_filesystem_files_free",
}

func TestSameAsNodeExporter(t *testing.T) {
	want, types := readGolden(t)
	batches, _ := sample(t, 2, func() *Sampler { return testSampler(t, Default(), recorded()) })
	got := comparable(batches[1])

	for series, v := range want {
		if theirs[series] != "" || theirs[metricName(series)] != "" {
			continue
		}
		have, ok := got[series]
		if !ok {
			t.Errorf("%s is missing", series)
			continue
		}
		if math.Abs(have-v) > 1e-12*math.Abs(v) && !slices.Contains(incomparable, metricName(series)) {
			t.Errorf("%s = %v, node_exporter has %v", series, have, v)
		}
	}
	for series := range got {
		if _, ok := want[series]; !ok && ours[metricName(series)] == "" {
			t.Errorf("%s: node_exporter has no such series", series)
		}
	}
	for _, p := range batches[1].Points {
		d := p.Series.Desc
		if typ, ok := types[d.Name]; ok && typ != d.Type {
			t.Errorf("%s is a %s, node_exporter has a %s", d.Name, d.Type, typ)
		}
		if d.Help == "" {
			t.Errorf("%s has no help", d.Name)
		}
		if d.Unit != "" && !strings.HasSuffix(strings.TrimSuffix(d.Name, "_total"), "_"+d.Unit) {
			t.Errorf("%s: unit %q is not in the name", d.Name, d.Unit)
		}
	}
}

// comparable gives the series that stand for the machine of the test one name.
func comparable(b metric.Batch) map[string]float64 {
	got := make(map[string]float64)
	for _, p := range b.Points {
		got[anonymous(p.Series.Labels)] = p.V
	}
	return got
}

// anonymous replaces what depends on where the test runs.
func anonymous(ls labels.Labels) string {
	b := labels.NewBuilder(ls)
	switch ls.Get(model.MetricNameLabel) {
	case "node_uname_info":
		for _, name := range descUname.LabelNames() {
			b.Set(name, "any")
		}
	case "node_time_zone_offset_seconds":
		b.Set("time_zone", "any")
	}
	return b.Labels().String()
}

func metricName(series string) string {
	_, rest, _ := strings.Cut(series, `__name__="`)
	name, _, _ := strings.Cut(rest, `"`)
	return name
}

func readGolden(t *testing.T) (map[string]float64, map[string]metric.Type) {
	t.Helper()
	data, err := os.ReadFile("testdata/node_exporter.prom")
	if err != nil {
		t.Fatal(err)
	}
	values, types := make(map[string]float64), make(map[string]metric.Type)
	p := parser.NewParser(parser.Options{})
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if described, ok := strings.CutPrefix(line, "# TYPE "); ok {
			name, typ, _ := strings.Cut(described, " ")
			types[name] = metric.Type(typ)
			continue
		}
		at := strings.LastIndex(line, " ")
		ls, err := p.ParseMetric(line[:at])
		if err != nil {
			t.Fatal(err)
		}
		v, err := strconv.ParseFloat(line[at+1:], 64)
		if err != nil {
			t.Fatal(err)
		}
		values[anonymous(ls)] = v
	}
	return values, types
}
