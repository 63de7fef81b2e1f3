package hooks

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"
)

// Receivers returns the names of the hooks that are meant by an alert, in the order
// of the configuration: those that its rule names or, if that is nil, those whose
// matchers fit. It waits for nothing.
func (r *Runner) Receivers(named []string, ls labels.Labels) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for i := range r.stats {
		h := &r.stats[i]
		switch {
		case h.beats:
		case named == nil && h.matchers.Matches(ls), slices.Contains(named, h.Name):
			names = append(names, h.Name)
		}
	}
	return names
}
