package metric

// Type is what a metric is to Prometheus: it decides how its values may be read.
type Type string

// The types that a host's metrics have, spelled as in the text exposition format.
const (
	Counter Type = "counter"
	Gauge   Type = "gauge"
	Untyped Type = "untyped"
	// Histogram is the type of the series NAME_bucket (with the label le), NAME_sum
	// and NAME_count, each of which has a Desc.
	Histogram Type = "histogram"
)

// A Desc describes all series of one metric name. It is immutable and safe for
// concurrent use.
type Desc struct {
	Name string // with its unit as suffix, as node_exporter spells it
	Type Type
	Unit string // base unit: seconds, bytes, hertz, ratio; empty when the metric has none
	Help string

	labels []string
}

// NewDesc describes a metric whose series differ in the values of the given
// label names, in this order.
func NewDesc(name string, typ Type, unit, help string, labelNames ...string) *Desc {
	return &Desc{Name: name, Type: typ, Unit: unit, Help: help, labels: labelNames}
}

// LabelNames returns the names whose values tell the metric's series apart, in
// the order that [Registry.Series] takes the values in. It must not be changed.
func (d *Desc) LabelNames() []string { return d.labels }
