package history

import (
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"
)

// maxSubquerySteps is how many times all subqueries of one query may evaluate
// what is inside them. The engine allocates by that number before it counts any
// sample: without a bound, [1y:1ms] takes all memory there is.
const maxSubquerySteps = 500_000

// checkSubqueries refuses a query whose subqueries have too many steps. Span is
// the time between its first and its last evaluation.
func checkSubqueries(expr string, span time.Duration) error {
	if !mayHaveSubquery(expr) {
		return nil
	}
	root, err := language.ParseExpr(expr)
	if err != nil {
		return err
	}
	return checkSteps(root, span)
}

// mayHaveSubquery says no only if there is none: most expressions are not worth
// parsing twice.
func mayHaveSubquery(expr string) bool {
	_, after, found := strings.Cut(expr, "[")
	return found && strings.Contains(after, ":")
}

func checkSteps(root parser.Expr, span time.Duration) error {
	total := 0.0
	parser.Inspect(root, func(n parser.Node, path []parser.Node) error {
		sub, ok := n.(*parser.SubqueryExpr)
		if !ok {
			return nil
		}
		width := span.Seconds() + sub.Range.Seconds()
		for _, outer := range path {
			if s, ok := outer.(*parser.SubqueryExpr); ok {
				width += s.Range.Seconds()
			}
		}
		step := sub.Step
		if step <= 0 {
			step = defaultSubqueryStep
		}
		total += width / step.Seconds()
		return nil
	})
	if total > maxSubquerySteps {
		return fmt.Errorf("subqueries of the expression have %.0f steps, may have %d: take a longer step or a shorter range", total, maxSubquerySteps)
	}
	return nil
}
