package trial

import (
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"monitord/alerts"
)

// Compile returns the faults of the rules that the file is about.
func (f *File) Compile(groups []alerts.GroupConfig) []alerts.Fault {
	_, faults := alerts.Compile(f.prepare(groups), f.every())
	return faults
}

// prepare puts groups in the order that the file wants, those that it does not
// name together with its first, as promtool does. All rules are evaluated at each
// tick, whatever they or their groups ask for.
func (f *File) prepare(groups []alerts.GroupConfig) []alerts.GroupConfig {
	place := func(g alerts.GroupConfig) int { return max(slices.Index(f.GroupEvalOrder, g.Name), 0) }
	sorted := slices.Clone(groups)
	slices.SortStableFunc(sorted, func(a, b alerts.GroupConfig) int { return place(a) - place(b) })
	for i := range sorted {
		g := &sorted[i]
		g.Interval, g.Rules = 0, slices.Clone(g.Rules)
		for j := range g.Rules {
			g.Rules[j].Every = f.every()
		}
	}
	return sorted
}

func formatDuration(d time.Duration) string { return model.Duration(d).String() }
