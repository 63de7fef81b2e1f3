package metric

import (
	"fmt"
	"sync"
	"testing"

	"github.com/prometheus/prometheus/model/labels"
)

func TestSeriesAreInterned(t *testing.T) {
	r := NewRegistry(labels.FromStrings("instance", "web1", "job", "node"))
	d := NewDesc("disk_io_now", Gauge, "", "Help.", "device")
	s := r.Series(d, "sda")
	if want := labels.FromStrings("__name__", "disk_io_now", "device", "sda", "instance", "web1", "job", "node"); !labels.Equal(s.Labels, want) {
		t.Errorf("labels %s, want %s", s.Labels, want)
	}
	if s.Desc != d || r.Desc("disk_io_now") != d || len(r.Descs()) != 1 {
		t.Error("the description is lost")
	}
	if r.Series(d, "sda") != s || r.Intern(s.Labels) != s {
		t.Error("the same labels gave another pointer")
	}
	if r.Series(d, "sdb") == s {
		t.Error("other labels gave the same pointer")
	}
	if again := NewDesc("disk_io_now", Gauge, "", "Help.", "device"); r.Series(again, "sda") != s {
		t.Error("an equal description gave another pointer")
	}
}

func TestLabelOfDescWins(t *testing.T) {
	r := NewRegistry(labels.FromStrings("job", "node"))
	if s := r.Series(NewDesc("a", Gauge, "", "", "job"), "mine"); s.Labels.Get("job") != "mine" {
		t.Errorf("labels %s", s.Labels)
	}
}

func TestValuesDoNotRunTogether(t *testing.T) {
	r := NewRegistry(labels.EmptyLabels())
	d := NewDesc("a", Gauge, "", "", "x", "y")
	seen := make(map[*Series][]string)
	for _, values := range [][]string{{"ab", ""}, {"a", "b"}, {"", "ab"}, {"a\xff", "b"}, {"a", "\xffb"}, {"\x01a", ""}} {
		s := r.Series(d, values...)
		if before, ok := seen[s]; ok {
			t.Errorf("%q and %q are one series", before, values)
		}
		seen[s] = values
	}
}

func TestRetire(t *testing.T) {
	r := NewRegistry(labels.EmptyLabels())
	d := NewDesc("a", Gauge, "", "", "x")
	same := NewDesc("a", Gauge, "", "", "x")
	rule := r.Intern(labels.FromStrings("__name__", "a", "x", "2"))
	tests := map[*Series]func() *Series{
		r.Series(d, "1"): func() *Series { return r.Series(d, "1") },
		r.Series(d, "2"): func() *Series { return r.Series(d, "2") },
	}
	if r.Series(d, "2") != rule {
		t.Fatal("a series that a rule made before is not the same")
	}
	for s, get := range tests {
		for _, other := range []*Desc{d, same} {
			r.Series(other, s.Labels.Get("x"))
		}
		r.Retire([]*Series{s})
		fresh := get()
		if fresh == s {
			t.Errorf("%s: the retired pointer came back", s.Labels)
		}
		if got := r.Series(same, s.Labels.Get("x")); got != fresh {
			t.Errorf("%s: two live pointers", s.Labels)
		}
		r.Retire([]*Series{s}) // again: not the one that lives now
		if get() != fresh {
			t.Errorf("%s: retiring an old pointer retired the new one", s.Labels)
		}
	}
	if r.Desc("a") == nil {
		t.Error("the description went with the series")
	}
}

func TestWrongNumberOfValuesPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	NewRegistry(labels.EmptyLabels()).Series(NewDesc("a", Gauge, "", "", "x"))
}

func TestRegistryConcurrently(t *testing.T) {
	r := NewRegistry(labels.EmptyLabels())
	d := NewDesc("a", Gauge, "", "", "x")
	var wg sync.WaitGroup
	got := make([][]*Series, 4)
	for g := range got {
		wg.Go(func() {
			for i := range 200 {
				got[g] = append(got[g], r.Series(d, fmt.Sprint(i)))
			}
		})
	}
	wg.Wait()
	for g := range got {
		for i := range got[g] {
			if got[g][i] != got[0][i] {
				t.Fatalf("value %d has two pointers", i)
			}
		}
	}
	r.Retire(got[0])
	if r.Series(d, "0") == got[0][0] {
		t.Error("the retired pointer came back")
	}
}

func BenchmarkSeries(b *testing.B) {
	r := NewRegistry(labels.FromStrings("instance", "web1", "job", "node"))
	d := NewDesc("node_cpu_seconds_total", Counter, "seconds", "", "cpu", "mode")
	b.ReportAllocs()
	for b.Loop() {
		r.Series(d, "0", "user")
	}
}
