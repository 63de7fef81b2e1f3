package history

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// An Expr is a PromQL expression that can be evaluated again and again: its
// result is an instant vector or a scalar. It is immutable.
type Expr struct {
	canonical string
	scalar    bool
	rang      time.Duration
	instants  bool
	selectors []Selector
}

// ParseExpr reads an expression. Strings and range vectors are refused: nothing
// could be compared with them or drawn.
func ParseExpr(s string) (Expr, error) {
	if len(s) > MaxSelector {
		return Expr{}, fmt.Errorf("expression is %d bytes long, may be %d", len(s), MaxSelector)
	}
	if err := checkRegexes(s); err != nil {
		return Expr{}, err
	}
	root, err := language.ParseExpr(s)
	if err != nil {
		return Expr{}, err
	}
	for {
		p, ok := root.(*parser.ParenExpr)
		if !ok {
			break
		}
		root = p.Expr
	}
	if t := root.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		return Expr{}, fmt.Errorf("expression gives a %s, must give an instant vector or a scalar", parser.DocumentedType(t))
	}
	if err := checkSteps(root, 0, defaultSubqueryStep); err != nil {
		return Expr{}, err
	}
	e := Expr{scalar: root.Type() == parser.ValueTypeScalar}
	parser.Inspect(root, func(n parser.Node, _ []parser.Node) error {
		e.visit(n)
		return nil
	})
	e.canonical = root.String()
	return e, nil
}

// visit puts one node into its canonical form and notes what is to be known of it.
func (e *Expr) visit(n parser.Node) {
	switch n := n.(type) {
	case *parser.VectorSelector:
		n.LabelMatchers = canonicalMatchers(n)
		e.instants = e.instants || n.StartOrEnd != 0 || n.Timestamp != nil || n.OriginalOffset < 0
		if s, err := ParseSelector(selectorText(n.LabelMatchers)); err == nil {
			e.selectors = append(e.selectors, s)
		}
	case *parser.MatrixSelector:
		e.rang = max(e.rang, n.Range)
	case *parser.SubqueryExpr:
		e.rang = max(e.rang, n.Range)
		e.instants = e.instants || n.StartOrEnd != 0 || n.Timestamp != nil || n.OriginalOffset < 0
	case *parser.AggregateExpr:
		n.Grouping = sortedNames(n.Grouping)
	case *parser.BinaryExpr:
		if v := n.VectorMatching; v != nil {
			v.MatchingLabels = sortedNames(v.MatchingLabels)
			v.Include = sortedNames(v.Include)
		}
	}
}

// canonicalMatchers orders a selector's matchers and takes repeated ones out,
// and writes {__name__="x"} as x.
func canonicalMatchers(n *parser.VectorSelector) []*labels.Matcher {
	ms := slices.Clone(n.LabelMatchers)
	slices.SortFunc(ms, func(a, b *labels.Matcher) int { return strings.Compare(a.String(), b.String()) })
	ms = slices.CompactFunc(ms, func(a, b *labels.Matcher) bool { return a.String() == b.String() })
	if n.Name == "" {
		for _, m := range ms {
			if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && isName(m.Value) {
				n.Name = m.Value
				break
			}
		}
	}
	return ms
}

func selectorText(ms []*labels.Matcher) string {
	texts := make([]string, len(ms))
	for i, m := range ms {
		texts[i] = m.String()
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// isName says whether a metric name can stand for itself in an expression, as
// inf and nan cannot.
func isName(s string) bool {
	e, err := language.ParseExpr(s)
	if err != nil {
		return false
	}
	vs, ok := e.(*parser.VectorSelector)
	return ok && vs.Name == s
}

func sortedNames(names []string) []string {
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.Compact(out)
}

// Canonical returns one text for all ways to write the same selectors,
// groupings, numbers and spaces.
func (e Expr) Canonical() string { return e.canonical }

// String returns the canonical text.
func (e Expr) String() string { return e.canonical }

// Scalar says whether the result is a scalar and not a vector.
func (e Expr) Scalar() bool { return e.scalar }

// Range returns the longest range in the expression, 0 if it has none.
func (e Expr) Range() time.Duration { return e.rang }

// NeedsInstants says that a range query over several times would not give what
// an instant at each of them gives, because the expression refers to the start or
// the end of the query, or may look ahead.
func (e Expr) NeedsInstants() bool { return e.instants }

// Selectors returns the selectors in the expression, in the order they stand.
func (e Expr) Selectors() []Selector { return e.selectors }
