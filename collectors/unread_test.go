package collectors

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/shirou/gopsutil/v3/disk"

	"monitord/metric"
)

// lacks says what a batch has not read, as "names{labels}".
func lacks(b metric.Batch) string {
	var all []string
	for _, u := range b.Unread {
		all = append(all, strings.Join(u.Names, " ")+strings.TrimSuffix(u.Labels.String(), "{}"))
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

func TestBatchSaysWhatIsNotRead(t *testing.T) {
	broken := errors.New("no such file")
	for name, tc := range map[string]struct {
		c    *fake
		want []string // at each tick
	}{
		"well":       {&fake{name: "a"}, []string{"", "", ""}},
		"fails once": {&fake{name: "a", do: failing(broken, 2)}, []string{"", "test_value", ""}},
		"fails from the start, and nobody knows what it is": {&fake{name: "a", do: failing(broken, 1, 2)}, []string{"", "", ""}},
		"fails from the start":                              {&fake{name: "diskstats", do: failing(broken, 1, 2)}, []string{"node_disk_*", "node_disk_*", ""}},
		"panics":                                            {&fake{name: "a", do: failing(nil, 2, 3)}, []string{"", "test_value", "test_value"}},
	} {
		t.Run(name, func(t *testing.T) {
			batches, _ := sample(t, len(tc.want), func() *Sampler { return testSampler(t, onlyExtra(), recorded(), tc.c) })
			for i, b := range batches {
				if got := lacks(b); got != tc.want[i] {
					t.Errorf("tick %d lacks %q, want %q", i+1, got, tc.want[i])
				}
			}
		})
	}
}

// failing is what a collector does that fails in these runs, or panics if there is
// no error.
func failing(err error, runs ...int) func(context.Context, int, *Emitter) error {
	return func(_ context.Context, run int, _ *Emitter) error {
		if !slices.Contains(runs, run) {
			return nil
		}
		if err == nil {
			panic("lost its head")
		}
		return err
	}
}

func TestHangingCollectorIsNotRead(t *testing.T) {
	c := &fake{name: "a", do: func(_ context.Context, run int, _ *Emitter) error {
		if run == 2 {
			<-time.After(2500 * time.Millisecond)
		}
		return nil
	}}
	batches, _ := sample(t, 6, func() *Sampler { return testSampler(t, onlyExtra(), recorded(), c) })
	var got []string
	for _, b := range batches {
		got = append(got, lacks(b))
	}
	if want := []string{"", "test_value", "test_value", "test_value", "", ""}; !slices.Equal(got, want) {
		t.Errorf("ticks lack %q, want %q", got, want)
	}
}

// A mount that does not answer takes none of the others with it.
func TestMountThatDoesNotAnswerIsNotRead(t *testing.T) {
	cfg := onlyExtra()
	cfg.Filesystem.Enabled, cfg.Filesystem.Interval = true, time.Second
	src := recorded()
	answer, asked := src.statfs, 0
	src.statfs = func(ctx context.Context, path string) (*disk.UsageStat, error) {
		if path == "/" {
			if asked++; asked > 1 {
				return nil, errors.New("stale file handle")
			}
		}
		return answer(ctx, path)
	}
	batches, _ := sample(t, 5, func() *Sampler { return testSampler(t, cfg, src) })
	last := batches[len(batches)-1]
	if len(last.Unread) != 1 || last.Unread[0].Labels.Get("mountpoint") != "/" || !last.Unread[0].Has("node_filesystem_avail_bytes") {
		t.Errorf("the last tick lacks %s", lacks(last))
	}
	if last.Unread[0].Has("node_filesystem_device_error") {
		t.Error("that the mount fails is not taken for read")
	}
}

// Every collector of the host is known by what it reads before it has read.
func TestReadsAreComplete(t *testing.T) {
	batches, _ := sample(t, 2, func() *Sampler { return testSampler(t, Default(), recorded()) })
	used := make(map[string]bool)
	for _, p := range batches[1].Points {
		name := p.Series.Desc.Name
		if name == "up" || strings.HasPrefix(name, "scrape_") || strings.HasPrefix(name, "node_scrape_") {
			continue
		}
		known := false
		for collector, names := range reads {
			if (metric.Unread{Names: names}).Has(name) {
				known, used[collector] = true, true
			}
		}
		if !known {
			t.Errorf("nobody reads %s", name)
		}
	}
	for collector := range reads {
		if !used[collector] && collector != "monitord" {
			t.Errorf("%s reads nothing of what there is", collector)
		}
	}
	for _, r := range testSampler(t, Default(), recorded()).records {
		if reads[r.name] == nil {
			t.Errorf("nobody knows what %s reads", r.name)
		}
	}
}

// What the samples say of failures names the metrics that say so, and leads to what
// was not read.
func TestUnreadBySamples(t *testing.T) {
	for _, d := range []*metric.Desc{descCollectorSuccess, descFSError} {
		if !strings.Contains(Unread, d.Name) {
			t.Errorf("%s is not in %s", d.Name, Unread)
		}
	}
	if u := UnreadBy(labels.FromStrings("__name__", "node_scrape_collector_success", "collector", "loadavg", "instance", "a")); !u.Has("node_load1") || u.Has("node_disk_x") || !u.Covers(labels.EmptyLabels()) {
		t.Errorf("%+v", u)
	}
	u := UnreadBy(labels.FromStrings("__name__", "node_filesystem_device_error", "mountpoint", "/a", "device", "b", "fstype", "nfs", "instance", "a"))
	if !u.Has("node_filesystem_avail_bytes") || u.Has("node_filesystem_device_error") || u.Labels.Len() != 3 || !u.Covers(labels.FromStrings("mountpoint", "/a", "device", "b", "fstype", "nfs")) {
		t.Errorf("%+v", u)
	}
}
