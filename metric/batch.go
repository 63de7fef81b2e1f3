package metric

import (
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// A Series is the identity of a stream of samples. It is made by a [Registry]
// and immutable.
type Series struct {
	Desc   *Desc         // nil for a series that no collector describes: the result of a rule
	Labels labels.Labels // complete, metric name included
}

// A Point is one series' value at the time of the batch that holds it.
type Point struct {
	Series *Series
	V      float64
}

// A Batch is everything that one tick found. Once handed on it is immutable.
type Batch struct {
	T      int64     // the tick's nominal time, Unix milliseconds: the timestamp of every point
	Points []Point   // no series twice; in no particular order
	Ended  []*Series // series of the previous batch that are gone; each gets a staleness marker at T
	Unread []Unread  // what should have been read and was not; must not be changed

	// Step is by how much the clock was set between the previous tick and this one,
	// so that T does not follow on its T by the time that passed; nearly always 0.
	Step time.Duration
}

// A Value is one element of the result of a query: labels and a number.
type Value struct {
	Labels labels.Labels
	V      float64
}
