package alerts

import (
	"math"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// A plain is an expression that looks at nothing but the newest values of metrics:
// selectors with a literal name, arithmetic and comparisons with constants and the
// time around them, and between them where elements meet by all their labels. Such
// an expression needs no query. It is immutable.
type plain struct {
	pair     *pairing // nil: it is of one metric
	name     string
	selector string            // as text: those with the same one select the same
	matchers []*labels.Matcher // all of the selector's
	guard    parser.ItemType   // a comparison, value before limit, that nearly all values fail; 0: none
	limit    float64           // of guard
	steps    []operation       // what is done with each value after that, in this order
	unnamed  bool              // the result is without the metric name
}

// An operation is one step of what is done with a value.
type operation struct {
	op     parser.ItemType
	number scalar
	first  bool // the number stands before the operator
	asBool bool // a comparison that gives 0 or 1
	negate bool // the value's sign changes, and nothing else is meant
}

// plainOf returns what a parsed expression is as a plain one, nil if it is none.
func plainOf(node parser.Expr) *plain {
	switch n := node.(type) {
	case *parser.ParenExpr:
		return plainOf(n.Expr)
	case *parser.VectorSelector:
		return plainSelector(n)
	case *parser.UnaryExpr:
		p := plainOf(n.Expr)
		if p == nil || n.Op == parser.ADD {
			return p
		}
		return p.then(operation{negate: true})
	case *parser.BinaryExpr:
		if n.Op == parser.LAND || n.Op == parser.LUNLESS {
			return paired(n)
		}
		if !computes(n.Op) {
			return nil
		}
		if number, ok := scalarOf(n.RHS); ok {
			return plainOf(n.LHS).then(operation{op: n.Op, number: number, asBool: n.ReturnBool})
		}
		if number, ok := scalarOf(n.LHS); ok {
			return plainOf(n.RHS).then(operation{op: n.Op, number: number, first: true, asBool: n.ReturnBool})
		}
		return paired(n)
	}
	return nil
}

func plainSelector(n *parser.VectorSelector) *plain {
	if n.OriginalOffset != 0 || n.OriginalOffsetExpr != nil || n.Timestamp != nil || n.StartOrEnd != 0 || n.Anchored || n.Smoothed {
		return nil
	}
	for _, m := range n.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && m.Value != "" {
			return &plain{name: m.Value, selector: n.String(), matchers: n.LabelMatchers}
		}
	}
	return nil
}

// then adds a step. No plain expression stays none.
func (p *plain) then(s operation) *plain {
	if p == nil {
		return nil
	}
	if s.filters() && s.number.of == nil && p.guard == 0 && len(p.steps) == 0 && p.pair == nil {
		p.guard, p.limit = s.op, s.number.number
		if s.first {
			p.guard = turned(s.op)
		}
		return p
	}
	p.steps = append(p.steps, s)
	p.unnamed = p.unnamed || s.negate || s.asBool || !s.op.IsComparisonOperator()
	return p
}

// filters reports whether the operation keeps values or drops them, and changes none.
func (s operation) filters() bool { return !s.negate && !s.asBool && s.op.IsComparisonOperator() }

// turned is the comparison with its sides changed.
func turned(op parser.ItemType) parser.ItemType {
	switch op {
	case parser.GTR:
		return parser.LSS
	case parser.LSS:
		return parser.GTR
	case parser.GTE:
		return parser.LTE
	case parser.LTE:
		return parser.GTE
	}
	return op
}

// passes reports whether a value is worth a closer look.
func (p *plain) passes(v float64) bool {
	switch p.guard {
	case parser.GTR:
		return v > p.limit
	case parser.LSS:
		return v < p.limit
	case parser.GTE:
		return v >= p.limit
	case parser.LTE:
		return v <= p.limit
	case parser.EQLC:
		return v == p.limit
	case parser.NEQ:
		return v != p.limit
	}
	return true
}

// matches reports whether the selector selects a series with these labels.
func (p *plain) matches(ls labels.Labels) bool {
	for _, m := range p.matchers {
		if !m.Matches(ls.Get(m.Name)) {
			return false
		}
	}
	return true
}

// result returns what the expression makes of a value that passes at t, and whether
// that is in its result at all.
func (p *plain) result(v float64, t int64) (float64, bool) {
	for _, s := range p.steps {
		if s.negate {
			v = -v
			continue
		}
		left, right := v, s.number.at(t)
		if s.first {
			left, right = right, left
		}
		computed, holds := compute(s.op, left, right)
		switch {
		case s.asBool:
			v = truth(holds)
		case !s.op.IsComparisonOperator():
			v = computed
		case !holds:
			return 0, false
		}
	}
	return v, true
}

// computes reports whether compute knows the operator.
func computes(op parser.ItemType) bool {
	switch op {
	case parser.ADD, parser.SUB, parser.MUL, parser.DIV, parser.POW, parser.MOD, parser.ATAN2:
		return true
	}
	return op.IsComparisonOperator()
}

// compute is Prometheus' vectorElemBinop for two floats: a comparison says
// whether it holds, everything else has a value.
func compute(op parser.ItemType, left, right float64) (v float64, holds bool) {
	switch op {
	case parser.ADD:
		return left + right, true
	case parser.SUB:
		return left - right, true
	case parser.MUL:
		return left * right, true
	case parser.DIV:
		return left / right, true
	case parser.POW:
		return math.Pow(left, right), true
	case parser.MOD:
		return math.Mod(left, right), true
	case parser.ATAN2:
		return math.Atan2(left, right), true
	case parser.EQLC:
		return left, left == right
	case parser.NEQ:
		return left, left != right
	case parser.GTR:
		return left, left > right
	case parser.LSS:
		return left, left < right
	case parser.GTE:
		return left, left >= right
	case parser.LTE:
		return left, left <= right
	}
	return 0, false
}

func truth(holds bool) float64 {
	if holds {
		return 1
	}
	return 0
}
