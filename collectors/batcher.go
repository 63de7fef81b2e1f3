package collectors

import (
	"time"

	"monitord/metric"
)

var (
	descUp = metric.NewDesc("up", metric.Gauge, "",
		"1 if the target was scraped successfully, 0 otherwise.")
	descScrapeDuration = metric.NewDesc("scrape_duration_seconds", metric.Gauge, "seconds",
		"How long the scrape took.")
	descScrapeSamples = metric.NewDesc("scrape_samples_scraped", metric.Gauge, "",
		"Number of samples the target exposed.")
	descScrapeSamplesPost = metric.NewDesc("scrape_samples_post_metric_relabeling", metric.Gauge, "",
		"Number of samples remaining after metric relabeling was applied.")
	descScrapeAdded = metric.NewDesc("scrape_series_added", metric.Gauge, "",
		"Number of series that the scrape before did not have.")

	descCollectorDuration = metric.NewDesc("node_scrape_collector_duration_seconds", metric.Gauge, "seconds",
		"node_exporter: Duration of a collector scrape.", "collector")
	descCollectorSuccess = metric.NewDesc("node_scrape_collector_success", metric.Gauge, "",
		"node_exporter: Whether a collector succeeded.", "collector")
)

// Where the values about the tick as a whole stand in a batch: first, since that
// they exist is known before their values.
const (
	atUp = iota
	atDuration
	atSamples
	atSamplesPost
	atAdded
	ownPoints
)

// A batcher assembles one tick's batch and compares it with the one before. Make
// it with its registry set; only the tick's goroutine uses it.
type batcher struct {
	reg     *metric.Registry
	points  []metric.Point  // of the batch that is being made
	unread  []metric.Unread // likewise
	prev    []metric.Point  // of the batch before; published, so never written to
	dropped uint64          // since the start
	falls   falls           // of counters
}

// begin starts the next batch.
func (b *batcher) begin() {
	b.points = make([]metric.Point, 0, len(b.prev)+ownPoints)
	for _, d := range [ownPoints]*metric.Desc{
		atUp: descUp, atDuration: descScrapeDuration, atSamples: descScrapeSamples,
		atSamplesPost: descScrapeSamplesPost, atAdded: descScrapeAdded,
	} {
		b.value(d, 0)
	}
}

func (b *batcher) add(points []metric.Point, dropped int) {
	b.points = append(b.points, points...)
	b.dropped += uint64(dropped)
}

func (b *batcher) value(d *metric.Desc, v float64, labelValues ...string) {
	b.points = append(b.points, metric.Point{Series: b.reg.Series(d, labelValues...), V: v})
}

// lacks notes what a collector could not read.
func (b *batcher) lacks(unread []metric.Unread) { b.unread = append(b.unread, unread...) }

// reportOn adds what is told about a collector itself.
func (b *batcher) reportOn(r *record) {
	took, success, ran := r.result()
	if !ran {
		return
	}
	b.value(descCollectorDuration, took.Seconds(), r.name)
	b.value(descCollectorSuccess, boolValue(success), r.name)
}

// finish returns the batch and retires the series that ended with it.
func (b *batcher) finish(tick time.Time, took time.Duration) metric.Batch {
	var (
		added int
		ended []*metric.Series
	)
	aligned := sameSeries(b.points, b.prev)
	if !aligned {
		added, ended = b.compare()
	}
	b.falls.mend(tick.UnixMilli(), b.points, b.prev, aligned)
	b.falls.forget(ended)
	scraped := float64(len(b.points) - ownPoints)
	b.points[atUp].V = 1
	b.points[atDuration].V = took.Seconds()
	b.points[atSamples].V = scraped
	b.points[atSamplesPost].V = scraped
	b.points[atAdded].V = float64(added)
	b.reg.Retire(ended)

	batch := metric.Batch{T: tick.UnixMilli(), Points: b.points, Ended: ended, Unread: b.unread}
	b.prev, b.points, b.unread = b.points, nil, nil
	return batch
}

// sameSeries is the quick way out: nearly always a tick has the very series of
// the one before in the very order, which by induction has none twice.
func sameSeries(a, b []metric.Point) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Series != b[i].Series {
			return false
		}
	}
	return true
}

// compare drops series that stand in the new batch twice, and returns how many
// are new and which of the batch before are gone.
func (b *batcher) compare() (added int, ended []*metric.Series) {
	const before, now = 1, 2
	seen := make(map[*metric.Series]uint8, len(b.points)+len(b.prev))
	for _, p := range b.prev {
		seen[p.Series] = before
	}
	kept := b.points[:0]
	for _, p := range b.points {
		was := seen[p.Series]
		if was&now != 0 {
			b.dropped++
			continue
		}
		if was&before == 0 {
			added++
		}
		seen[p.Series] = was | now
		kept = append(kept, p)
	}
	b.points = kept
	for _, p := range b.prev {
		if seen[p.Series]&now == 0 {
			ended = append(ended, p.Series)
		}
	}
	return added, ended
}

func boolValue(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
