package alerts

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// maxExprBytes bounds an expression; the longest of the public collections are
// below 2 KiB.
const maxExprBytes = 64 << 10

// expression is what the engine needs to know of a rule's PromQL beside its
// text. The zero value is of no expression; use parseExpression.
type expression struct {
	text   string
	formal string        // as the parser writes it
	clear  *expression   // that of `clear`; nil: there is none
	span   time.Duration // longest range, ranges inside subqueries added up
	fill   time.Duration // how long data must be there until span is full: with offsets, and see lookThrough
	names  []string      // metric names that it selects, as far as they are literal
	anyOne bool          // it has a selector without a literal name
	plain  *plain        // nil: it takes a query
	shows  string        // the expression that is evidence; empty: none is
}

// parseExpression parses a rule's expression, which must return a vector or a
// scalar.
func parseExpression(text string) (expression, error) {
	text = strings.TrimSpace(text)
	if text == "" {
		return expression{}, fmt.Errorf("is empty, write a PromQL expression")
	}
	if len(text) > maxExprBytes {
		return expression{}, fmt.Errorf("is %d bytes long, must be at most %d", len(text), maxExprBytes)
	}
	parsed, err := parser.NewParser(parser.Options{}).ParseExpr(text)
	if err != nil {
		return expression{}, fmt.Errorf("is not PromQL: %w, correct it", err)
	}
	if t := parsed.Type(); t != parser.ValueTypeVector && t != parser.ValueTypeScalar {
		return expression{}, fmt.Errorf("returns a %s, must return a vector or a scalar", t)
	}
	e := expression{text: text, formal: parsed.String(), plain: plainOf(parsed), shows: shown(parsed)}
	e.walk(parsed, 0, 0)
	return e, nil
}

// with returns the expression as it is when another decides beside it: its data
// must be there as well.
func (e expression) with(clear expression) expression {
	e.clear = &clear
	e.fill = max(e.fill, clear.fill)
	e.names = append(e.names, clear.names...)
	e.anyOne = e.anyOne || clear.anyOne
	return e
}

// walk notes the selectors below node, to which the ranges and offsets of the
// subqueries around it add up.
func (e *expression) walk(node parser.Node, span, offset time.Duration) {
	switch n := node.(type) {
	case *parser.SubqueryExpr:
		span += n.Range
		offset += max(n.OriginalOffset, 0)
		e.cover(span, offset)
	case *parser.MatrixSelector:
		span += n.Range
	case *parser.VectorSelector:
		e.cover(span, offset+max(n.OriginalOffset, 0))
		e.selects(n)
	}
	for child := range parser.ChildrenIter(node) {
		e.walk(child, span, offset)
	}
}

func (e *expression) cover(span, offset time.Duration) {
	e.span = max(e.span, span)
	e.fill = max(e.fill, span+offset)
}

func (e *expression) selects(n *parser.VectorSelector) {
	for _, m := range n.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && m.Value != "" {
			e.names = append(e.names, m.Value)
			return
		}
	}
	e.anyOne = true
}

// looks reports whether the expression selects anything at all.
func (e *expression) looks() bool { return e.anyOne || len(e.names) > 0 }

// reads reports whether the expression may select one of these metrics.
func (e *expression) reads(metrics map[string]bool) bool {
	if len(metrics) == 0 {
		return false
	}
	if e.anyOne {
		return true
	}
	for _, name := range e.names {
		if metrics[name] {
			return true
		}
	}
	return false
}

// defaultEvery is how often a rule without `every` is evaluated, by its longest
// range, in whole intervals.
func defaultEvery(span, interval time.Duration) time.Duration {
	if span == 0 {
		return interval
	}
	every := min(max(span/60, time.Second), time.Minute)
	return max(every.Round(interval), interval)
}
