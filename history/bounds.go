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

// maxWindows is how many samples of one series all windows inside subqueries may
// have together: at each step of [100s:1ms] a function over [100s:1ms] looks at a
// hundred thousand. The engine does not look at its time limit before a series is
// done, which would take it a quarter of an hour.
const maxWindows = 5_000_000

// densest is how close together the samples of a series are, at least.
const densest = time.Second

// checkSubqueries refuses a query whose subqueries have too many steps. Span is
// the time between its first and its last evaluation; step is that of a subquery
// that names none.
func checkSubqueries(expr string, span, step time.Duration) error {
	if !mayHaveSubquery(expr) {
		return nil
	}
	root, err := language.ParseExpr(expr)
	if err != nil {
		return err
	}
	return checkSteps(root, span, step)
}

// mayHaveSubquery says no only if there is none: most expressions are not worth
// parsing twice.
func mayHaveSubquery(expr string) bool {
	_, after, found := strings.Cut(expr, "[")
	return found && strings.Contains(after, ":")
}

func checkSteps(root parser.Expr, span, step time.Duration) error {
	total, windows := 0.0, 0.0
	parser.Inspect(root, func(n parser.Node, path []parser.Node) error {
		windows += window(n, step) * stepsAt(path, step) * dear(path)
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
		total += width / stepOf(sub, step).Seconds()
		return nil
	})
	if total > maxSubquerySteps {
		return fmt.Errorf("subqueries of the expression have %.0f steps, may have %d: take a longer step or a shorter range", total, maxSubquerySteps)
	}
	if windows > maxWindows {
		return fmt.Errorf("ranges inside subqueries of the expression look at %.0f samples of a series, may look at %d: take a longer step or a shorter range", windows, maxWindows)
	}
	return nil
}

func stepOf(sub *parser.SubqueryExpr, unnamed time.Duration) time.Duration {
	if sub.Step <= 0 {
		return unnamed
	}
	return sub.Step
}

// window returns how many samples of a series a range has, at most.
func window(n parser.Node, unnamed time.Duration) float64 {
	switch n := n.(type) {
	case *parser.MatrixSelector:
		return n.Range.Seconds() / densest.Seconds()
	case *parser.SubqueryExpr:
		return n.Range.Seconds() / stepOf(n, unnamed).Seconds()
	}
	return 0
}

// dear is how much more a sample in the window below a path costs than usual: a
// quantile sorts them.
func dear(path []parser.Node) float64 {
	for i := len(path) - 1; i >= 0; i-- {
		switch n := path[i].(type) {
		case *parser.Call:
			if n.Func.Name == "quantile_over_time" {
				return 5
			}
			return 1
		case *parser.ParenExpr:
		default:
			return 1
		}
	}
	return 1
}

// stepsAt returns at how many steps subqueries evaluate what is below a path, 0
// if none does: all subqueries on it make the innermost one wider.
func stepsAt(path []parser.Node, unnamed time.Duration) float64 {
	width, step := 0.0, time.Duration(0)
	for _, n := range path {
		if sub, ok := n.(*parser.SubqueryExpr); ok {
			width += sub.Range.Seconds()
			step = stepOf(sub, unnamed)
		}
	}
	if step == 0 {
		return 0
	}
	return width / step.Seconds()
}
