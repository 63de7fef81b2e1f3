package feed

import (
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/metric"
	"monitord/stream/wire"
)

// columns says which series stands where in the samples messages of one topic or
// of one page. The zero value has no column and has not begun. It is not safe
// for concurrent use.
type columns struct {
	labels []labels.Labels
	index  map[uint64][]int // by hash of the labels
	begun  bool             // rebuild has been called
	rev    uint64           // changes with the columns

	// number gives columns their revision; nil: they are counted.
	number func([]labels.Labels) uint64
}

// find returns the column of a series.
func (c *columns) find(ls labels.Labels) (int, bool) {
	for _, i := range c.index[ls.Hash()] {
		if labels.Equal(c.labels[i], ls) {
			return i, true
		}
	}
	return 0, false
}

// row returns the values in the order of the columns, with [wire.None] where
// there is none; false if a value has no column yet.
func (c *columns) row(values []metric.Value) ([]float64, bool) {
	row := c.blank()
	for _, v := range values {
		i, ok := c.find(v.Labels)
		if !ok {
			return nil, false
		}
		row[i] = v.V
	}
	return row, true
}

// blank returns a row without a sample.
func (c *columns) blank() []float64 {
	row := make([]float64, len(c.labels))
	none := wire.None()
	for i := range row {
		row[i] = none
	}
	return row
}

// rebuild makes the columns fit the values: those that have none leave, the
// others keep their order, new ones are appended in the order of their labels.
// The revision changes if anything did.
func (c *columns) rebuild(values []metric.Value) {
	present := make([]bool, len(c.labels))
	var added []labels.Labels
	for _, v := range values {
		if i, ok := c.find(v.Labels); ok {
			present[i] = true
		} else {
			added = append(added, v.Labels)
		}
	}
	slices.SortFunc(added, labels.Compare)
	added = slices.CompactFunc(added, labels.Equal)
	kept := make([]labels.Labels, 0, len(values))
	for i, ls := range c.labels {
		if present[i] {
			kept = append(kept, ls)
		}
	}
	if c.begun && len(added) == 0 && len(kept) == len(c.labels) {
		return
	}
	c.begun = true
	c.labels = append(kept, added...)
	if c.number != nil {
		c.rev = c.number(c.labels)
	} else {
		c.rev++
	}
	c.index = make(map[uint64][]int, len(c.labels))
	for i, ls := range c.labels {
		h := ls.Hash()
		c.index[h] = append(c.index[h], i)
	}
}

// message returns the series message that names the columns.
func (c *columns) message(sub uint32) []byte {
	m := wire.Series{Sub: sub, Rev: c.rev, Series: make([]wire.Labels, len(c.labels))}
	for i, ls := range c.labels {
		m.Series[i] = wireLabels(ls)
	}
	return m.AppendJSON(make([]byte, 0, 64+128*len(c.labels)))
}

func wireLabels(ls labels.Labels) wire.Labels {
	out := make(wire.Labels, 0, ls.Len())
	ls.Range(func(l labels.Label) {
		out = append(out, wire.Label{Name: l.Name, Value: l.Value})
	})
	return out
}
