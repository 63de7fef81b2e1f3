package metric

import (
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// An Unread says of metrics that they should have values at a tick and have none,
// because whoever reads them failed or did not answer: their absence means
// nothing. It is immutable.
type Unread struct {
	// Names are those of the metrics; one that ends in "*" stands for all that
	// begin so.
	Names []string
	// Labels that the series have in common; empty: it is about all of them.
	Labels labels.Labels
}

// Has reports whether it is about a metric.
func (u Unread) Has(name string) bool {
	for _, n := range u.Names {
		if stem, ok := strings.CutSuffix(n, "*"); n == name || ok && strings.HasPrefix(name, stem) {
			return true
		}
	}
	return false
}

// Covers reports whether a series with these labels, or what was made of one and
// has its labels still, is among those that are not read.
func (u Unread) Covers(ls labels.Labels) bool {
	covered := true
	u.Labels.Range(func(l labels.Label) { covered = covered && ls.Get(l.Name) == l.Value })
	return covered
}
