package alerts

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// Limits of what one evaluation may return. Beyond them it counts as failed.
const (
	maxResults    = 10000    // elements
	maxLabelBytes = 16 << 10 // of one alert's labels, names and values
	maxNoteText   = 64 << 10 // of one alert's annotations, together
	textLeftOut   = "…"      // what stands for annotations beyond that
)

var (
	errSameAlerts = errors.New("two elements of the result make alerts with the same labels, give them labels that differ")
	errSameSeries = errors.New("two elements of the result make series with the same labels, give them labels that differ")
)

// A tracker is a rule at work: what its last evaluation gave and its counts. The
// engine's lock guards it.
type tracker struct {
	rule    *Rule
	since   int64                // the first tick since the start or the last hole; Unix milliseconds
	filled  int64                // from then on the absence of an element means something; Unix milliseconds
	began   int64                // the first tick since the start; Unix milliseconds
	settled int64                // from then on so does that of an alert from before the start: all collectors have read
	unsure  int64                // until then the expression says nothing, since the clock was set; Unix milliseconds
	alerts  map[string]*instance // active ones, by labelsKey
	known   identities           // Eval's alone
	// When alerts came and went that have ended, by labelsKey; of a rule with `flap`.
	resting map[string][]int64
	points  []metric.Point   // of a recording rule: its last result
	wrote   []*metric.Series // at the tick before; the writer's
	clash   error            // of a recording rule: what it writes is written by another
	held    []unread         // what the expression looks at and nobody reads
	health  health
}

// health is how a rule's evaluations went.
type health struct {
	at          int64 // the latest one's tick; 0: none yet
	took        time.Duration
	err         error
	evaluations uint64
	failures    uint64
	total       time.Duration
}

func (h *health) note(t int64, took time.Duration, err error) {
	h.at, h.took, h.err = t, took, err
	h.evaluations++
	h.total += took
	if err != nil {
		h.failures++
	}
}

// checkResult holds a result against the limits.
func checkResult(values []metric.Value) error {
	if len(values) > maxResults {
		return fmt.Errorf("the result has %d elements, must be at most %d", len(values), maxResults)
	}
	return nil
}

// checkLabels holds an alert's labels against the limits.
func checkLabels(ls labels.Labels) error {
	n := 0
	ls.Range(func(l labels.Label) { n += len(l.Name) + len(l.Value) })
	if n > maxLabelBytes {
		return fmt.Errorf("the labels of an element are %d bytes, must be at most %d", n, maxLabelBytes)
	}
	return nil
}

// validUTF8 replaces what is not UTF-8 in label values: alerts are sent as JSON,
// which would replace it too, and the fingerprint would be of other labels.
func validUTF8(b *labels.Builder) {
	b.Range(func(l labels.Label) {
		if !utf8.ValidString(l.Value) {
			b.Set(l.Name, strings.ToValidUTF8(l.Value, "\uFFFD"))
		}
	})
}

// recorded makes a recording rule's result into the points that it writes, as
// Prometheus does.
func (tr *tracker) recorded(values []metric.Value, reg *metric.Registry) ([]metric.Point, error) {
	if err := checkResult(values); err != nil {
		return nil, err
	}
	if limit := tr.rule.Group.Limit; limit > 0 && len(values) > limit {
		return nil, fmt.Errorf("exceeded limit of %d with %d series: raise the group's limit or narrow the expression", limit, len(values))
	}
	points := make([]metric.Point, 0, len(values))
	seen := make(map[*metric.Series]bool, len(values))
	b := labels.NewBuilder(labels.EmptyLabels())
	for _, v := range values {
		b.Reset(v.Labels)
		b.Set(model.MetricNameLabel, tr.rule.Name)
		for name, value := range tr.rule.Labels {
			b.Set(name, value)
		}
		s := reg.Intern(b.Labels())
		if seen[s] {
			return nil, errSameSeries
		}
		seen[s] = true
		points = append(points, metric.Point{Series: s, V: v.V})
	}
	return points, nil
}
