package main

import (
	"testing"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

func TestReloadStateOverlay(t *testing.T) {
	reg := metric.NewRegistry(labels.FromStrings("job", "node"))
	tick := metric.Batch{T: 1000, Points: []metric.Point{
		{Series: reg.Series(descReloadOK), V: 1},
		{Series: reg.Series(descReloadAt), V: 5},
		{Series: reg.Series(descRules), V: 7},
	}}
	var s reloadState
	s.failed.Store(true)
	s.at.Store(90_500)
	got := s.overlay(tick)
	for i, want := range []float64{0, 90.5, 7} {
		if got.Points[i].V != want {
			t.Errorf("point %d is %v, want %v", i, got.Points[i].V, want)
		}
	}
	if tick.Points[0].V != 1 || tick.Points[1].V != 5 {
		t.Errorf("the tick was changed: %v", tick.Points)
	}
}
