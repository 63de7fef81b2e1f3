package alerts

import (
	"slices"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql/parser"

	"monitord/metric"
)

// A pairing is a plain expression of two others whose elements meet by all their
// labels, as in avail / size.
type pairing struct {
	left, right *plain
	op          parser.ItemType
	asBool      bool
}

// paired returns what an operation between two plain expressions is, nil if they
// meet in another way.
func paired(n *parser.BinaryExpr) *plain {
	m := n.VectorMatching
	if m == nil || m.On || len(m.MatchingLabels) > 0 || len(m.Include) > 0 || m.FillValues.LHS != nil || m.FillValues.RHS != nil {
		return nil
	}
	set := n.Op == parser.LAND || n.Op == parser.LUNLESS
	if !set && (!computes(n.Op) || m.Card != parser.CardOneToOne) {
		return nil
	}
	left, right := plainOf(n.LHS), plainOf(n.RHS)
	if left == nil || right == nil {
		return nil
	}
	return &plain{
		selector: n.String(), pair: &pairing{left, right, n.Op, n.ReturnBool},
		unnamed: !set && (n.ReturnBool || !n.Op.IsComparisonOperator()),
	}
}

// of returns what the operation makes of two elements that met, and whether that
// is in its result.
func (p *pairing) of(left, right cell) (float64, bool) {
	switch {
	case p.op == parser.LAND:
		return left.v, left.there && right.there
	case p.op == parser.LUNLESS:
		return left.v, left.there && !right.there
	case !left.there || !right.there:
		return 0, false
	}
	v, holds := compute(p.op, left.v, right.v)
	if p.asBool {
		return truth(holds), true
	}
	return v, holds
}

// A cell is a place for an element of a result: there is one for each that there
// may be.
type cell struct {
	v     float64
	there bool
}

// A column is the cells of an expression, beside the labels of each.
type column struct {
	labels []labels.Labels
	cells  []cell
	made   uint64 // when the labels were found, in changes
}

// A meeting is which cells of a pairing's sides meet, in the order of its result.
type meeting struct {
	left, right uint64 // when the sides' labels were found
	made        uint64
	labels      []labels.Labels
	pairs       [][2]int // places in left and right; right is -1 where there is none
	clash       bool     // a query may say that too many meet
}

// column evaluates a plain expression, or returns false if only a query can tell.
func (c *current) column(p *plain, t int64) (column, bool) {
	var col column
	if p.pair == nil {
		s := c.choose(p)
		if s.clash {
			return col, false
		}
		col = column{s.labels(), make([]cell, len(s.picks)), s.made}
		for i, pick := range s.picks {
			if p.passes(pick.v) && pick.t > t-c.lookback && !value.IsStaleNaN(pick.v) {
				col.cells[i] = cell{pick.v, true}
			}
		}
	} else {
		left, ok := c.column(p.pair.left, t)
		if !ok {
			return col, false
		}
		right, ok := c.column(p.pair.right, t)
		if !ok {
			return col, false
		}
		m := c.meet(p, left, right)
		if m.clash {
			return col, false
		}
		col = column{m.labels, make([]cell, len(m.pairs)), m.made}
		for i, at := range m.pairs {
			var other cell
			if at[1] >= 0 {
				other = right.cells[at[1]]
			}
			col.cells[i].v, col.cells[i].there = p.pair.of(left.cells[at[0]], other)
		}
	}
	for i := range col.cells {
		if e := &col.cells[i]; e.there {
			e.v, e.there = p.result(e.v, t)
		}
	}
	return col, true
}

// meet returns who meets whom, which changes only when series come or go.
func (c *current) meet(p *plain, left, right column) *meeting {
	what := choice{p.selector, p.unnamed}
	m := c.met[what]
	if m != nil && m.left == left.made && m.right == right.made {
		return m
	}
	c.changes++
	m = &meeting{left: left.made, right: right.made, made: c.changes}
	c.met[what] = m
	set := p.pair.op == parser.LAND || p.pair.op == parser.LUNLESS
	places := make(map[string]int, len(right.labels))
	for i, ls := range right.labels {
		key := matchKey(ls)
		if _, twice := places[key]; twice && !set {
			m.clash = true
		}
		places[key] = i
	}
	type met struct {
		labels labels.Labels
		at     [2]int
	}
	var all []met
	for i, ls := range left.labels {
		j, ok := places[matchKey(ls)]
		if !ok {
			if j = -1; p.pair.op != parser.LUNLESS {
				continue
			}
		}
		if p.unnamed {
			ls = ls.DropReserved(isMetadata)
		}
		all = append(all, met{ls, [2]int{i, j}})
	}
	slices.SortFunc(all, func(a, b met) int { return labels.Compare(a.labels, b.labels) })
	for i, e := range all {
		m.clash = m.clash || i > 0 && labels.Equal(all[i-1].labels, e.labels)
		m.labels, m.pairs = append(m.labels, e.labels), append(m.pairs, e.at)
	}
	return m
}

// matchKey is what two elements have in common that meet.
func matchKey(ls labels.Labels) string {
	return string(ls.DropReserved(func(name string) bool { return name == model.MetricNameLabel }).Bytes(nil))
}

// evaluatePair returns the result of a pairing at t.
func (c *current) evaluatePair(p *plain, t int64) ([]metric.Value, bool) {
	col, ok := c.column(p, t)
	if !ok {
		return nil, false
	}
	var out []metric.Value
	for i, e := range col.cells {
		if e.there {
			out = append(out, metric.Value{Labels: col.labels[i], V: e.v})
		}
	}
	return out, true
}
