package alerts

import "github.com/prometheus/prometheus/promql/parser"

// A scalar is a number in an expression: a constant, or computed from the time.
type scalar struct {
	number float64
	of     func(t float64) float64 // of the seconds since 1970; nil: it is number, always
}

// at is the scalar's value at t, Unix milliseconds.
func (s scalar) at(t int64) float64 {
	if s.of == nil {
		return s.number
	}
	return s.of(float64(t) / 1000)
}

// scalarOf returns the value of an expression of numbers and the time alone.
func scalarOf(node parser.Expr) (scalar, bool) {
	switch n := node.(type) {
	case *parser.ParenExpr:
		return scalarOf(n.Expr)
	case *parser.NumberLiteral:
		return scalar{number: n.Val}, true
	case *parser.Call:
		return scalar{of: func(t float64) float64 { return t }}, n.Func.Name == "time"
	case *parser.UnaryExpr:
		s, ok := scalarOf(n.Expr)
		if n.Op == parser.SUB {
			s = s.with(scalar{}, func(v, _ float64) float64 { return -v })
		}
		return s, ok
	case *parser.BinaryExpr:
		left, ok := scalarOf(n.LHS)
		right, also := scalarOf(n.RHS)
		if !ok || !also || !computes(n.Op) {
			return scalar{}, false
		}
		return left.with(right, func(left, right float64) float64 {
			v, holds := compute(n.Op, left, right)
			if n.Op.IsComparisonOperator() {
				v = truth(holds)
			}
			return v
		}), true
	}
	return scalar{}, false
}

// with is what is computed from two scalars, at once if it is a constant.
func (s scalar) with(other scalar, both func(left, right float64) float64) scalar {
	if s.of == nil && other.of == nil {
		return scalar{number: both(s.number, other.number)}
	}
	value := func(s scalar, t float64) float64 {
		if s.of == nil {
			return s.number
		}
		return s.of(t)
	}
	return scalar{of: func(t float64) float64 { return both(value(s, t), value(other, t)) }}
}
