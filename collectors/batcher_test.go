package collectors

import (
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

func TestBatcher(t *testing.T) {
	reg := metric.NewRegistry(labels.FromStrings("job", "node"))
	b := batcher{reg: reg}
	ticks := []struct {
		from    []string
		added   float64
		ended   []string
		dropped uint64
	}{
		{[]string{"a", "b"}, 2 + ownPoints, nil, 0},
		{[]string{"a", "b"}, 0, nil, 0},
		{[]string{"b", "a"}, 0, nil, 0},
		{[]string{"a", "c", "c"}, 1, []string{"b"}, 1},
		{[]string{"a", "c"}, 0, nil, 1},
		{nil, 0, []string{"a", "c"}, 1},
		{[]string{"a"}, 1, nil, 1},
	}
	for i, tick := range ticks {
		b.begin()
		for j, from := range tick.from {
			b.value(descTest, float64(j), from)
		}
		batch := b.finish(time.UnixMilli(int64(i)*1000), time.Second/2)

		var ended []string
		for _, s := range batch.Ended {
			ended = append(ended, s.Labels.Get("from"))
		}
		slices.Sort(ended)
		got := find(batch)
		own := func(name string) float64 { return got[seriesName(name, "job", "node")] }
		scraped := float64(len(batch.Points) - ownPoints)
		if batch.T != int64(i)*1000 || !slices.Equal(ended, tick.ended) || b.dropped != tick.dropped {
			t.Errorf("tick %d: T %d, ended %v, dropped %d", i, batch.T, ended, b.dropped)
		}
		if own("up") != 1 || own("scrape_duration_seconds") != 0.5 || own("scrape_series_added") != tick.added ||
			own("scrape_samples_scraped") != scraped || own("scrape_samples_post_metric_relabeling") != scraped {
			t.Errorf("tick %d: %v", i, got)
		}
		if len(got) != len(batch.Points) {
			t.Errorf("tick %d: a series twice in %v", i, batch.Points)
		}
	}
}

func TestPublishedBatchIsNotWrittenTo(t *testing.T) {
	b := batcher{reg: metric.NewRegistry(labels.EmptyLabels())}
	var batches []metric.Batch
	var copies [][]metric.Point
	for i := range 5 {
		b.begin()
		for j := range i {
			b.value(descTest, float64(10*i+j), string(rune('a'+j%3))) // some twice
		}
		batch := b.finish(time.UnixMilli(int64(i)), 0)
		batches, copies = append(batches, batch), append(copies, slices.Clone(batch.Points))
	}
	for i := range batches {
		if !slices.Equal(batches[i].Points, copies[i]) {
			t.Errorf("batch %d has changed", i)
		}
	}
}
