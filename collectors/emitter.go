package collectors

import (
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
)

// maxPoints bounds what one collector may add in one reading, whatever the
// kernel lists: a host with more devices than this has other worries.
const maxPoints = 50_000

// An Emitter takes what one run of a collector found. It is made by the sampler
// and used by one goroutine.
type Emitter struct {
	reg     *metric.Registry // nil: series are looked up when the reading is adopted
	points  []metric.Point
	pending []pendingPoint
	dropped int
	unread  []metric.Unread
}

// maxUnread bounds what one reading may say about what it could not read.
const maxUnread = 1000

// Unread says that series of these metrics, whose labels have the given values,
// should have one and could not be read. The metrics have the same labels.
func (e *Emitter) Unread(labelValues []string, ds ...*metric.Desc) {
	if len(e.unread) == maxUnread {
		return
	}
	u := metric.Unread{}
	for _, d := range ds {
		u.Names = append(u.Names, d.Name)
	}
	b := labels.NewScratchBuilder(len(labelValues))
	for i, name := range ds[0].LabelNames() {
		b.Add(name, strings.ToValidUTF8(labelValues[i], "\uFFFD"))
	}
	b.Sort()
	u.Labels = b.Labels()
	e.unread = append(e.unread, u)
}

// A pendingPoint waits for its series. Readings taken between ticks must not
// hold a series across ticks, in one of which it may end and be retired.
type pendingPoint struct {
	desc   *metric.Desc
	v      float64
	values []string
}

// Add adds the value of the metric d whose labels have the given values, one for
// each of d's label names, in their order. What is no finite number is left out
// and counted, as is everything beyond a bound: no arithmetic downstream has to
// fear it. Bytes that are no UTF-8 become U+FFFD.
func (e *Emitter) Add(d *metric.Desc, v float64, labelValues ...string) {
	if math.IsNaN(v) || math.IsInf(v, 0) || len(e.points)+len(e.pending) >= maxPoints {
		e.dropped++
		return
	}
	for _, value := range labelValues {
		if !utf8.ValidString(value) {
			labelValues = validUTF8(labelValues)
			break
		}
	}
	if e.reg == nil {
		e.pending = append(e.pending, pendingPoint{d, v, slices.Clone(labelValues)})
		return
	}
	e.points = append(e.points, metric.Point{Series: e.reg.Series(d, labelValues...), V: v})
}

func (e *Emitter) reset() {
	e.points, e.pending, e.dropped, e.unread = e.points[:0], e.pending[:0], 0, nil
}

func validUTF8(values []string) []string {
	valid := make([]string, len(values))
	for i, v := range values {
		valid[i] = strings.ToValidUTF8(v, "\uFFFD")
	}
	return valid
}
