package alerts

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
)

// Limits of the search for evidence. What is beyond them goes without.
const (
	proofSpan   = time.Minute            // how far back evidence goes
	proofTime   = 100 * time.Millisecond // that a tick has for it
	proofAlerts = 64                     // of a tick
)

// A Ranger evaluates an expression at start, start+step, … up to end, all in
// Unix milliseconds, and calls fn with each series of the result. The points are
// fn's only while it runs.
type Ranger interface {
	Range(ctx context.Context, expr string, start, end, step int64, fn func(labels.Labels, []promql.FPoint) error) error
}

// A prover finds out how alerts came to fire. It is Eval's alone.
type prover struct {
	ranger   Ranger // nil: nobody can tell
	interval time.Duration
	spent    time.Duration // of proofTime
	tried    int           // of proofAlerts
}

func (p *prover) begin() { p.spent, p.tried = 0, 0 }

// prove finds evidence for those of a rule's alerts that begin to fire at t, with
// one query for all of them. It returns how many go without.
func (p *prover) prove(ctx context.Context, r *Rule, changes []change, t int64) (without int) {
	if p.ranger == nil {
		return 0
	}
	fires := make(map[string][]int) // indices of changes
	for i, c := range changes {
		if !slices.Contains(c.kinds, KindFiring) || c.in.source.t != t {
			continue
		}
		if r.expr.shows == "" || p.tried == proofAlerts || p.spent >= proofTime {
			without++
			continue
		}
		p.tried++
		key := unnamedKey(c.in.source.labels)
		fires[key] = append(fires[key], i)
	}
	if len(fires) == 0 {
		return without
	}
	start := time.Now()
	found := p.search(ctx, r, t, func(key string) bool { return fires[key] != nil })
	p.spent += time.Since(start)
	for key, list := range fires {
		for _, i := range list {
			if changes[i].evidence = found[key]; found[key] == nil {
				without++
			}
		}
	}
	return without
}

// search returns the evidence for elements by their keys, those that are wanted.
// A failure costs the evidence alone.
func (p *prover) search(ctx context.Context, r *Rule, t int64, wanted func(key string) bool) map[string]*Evidence {
	ctx, cancel := context.WithTimeout(ctx, proofTime-p.spent)
	defer cancel()
	t -= r.Group.QueryOffset.Milliseconds()
	step := max(p.interval, r.Every)
	begin := t - int64(proofSpan/step)*step.Milliseconds()
	found := make(map[string]*Evidence)
	twice := make(map[string]bool)
	err := p.ranger.Range(ctx, r.expr.shows, begin, t, step.Milliseconds(), func(ls labels.Labels, points []promql.FPoint) error {
		key := unnamedKey(ls)
		if len(points) == 0 || !wanted(key) {
			return nil
		}
		twice[key] = found[key] != nil
		e := &Evidence{}
		for _, point := range points[max(len(points)-maxEvidence, 0):] {
			e.Values = append(e.Values, Sample{T: point.T, V: point.F})
		}
		found[key] = e
		return nil
	})
	if err != nil {
		return nil
	}
	for key, is := range twice {
		if is {
			delete(found, key)
		}
	}
	return found
}

// unnamedKey tells the elements of one expression apart, with the metric name or
// without: a comparison may have taken it away.
func unnamedKey(ls labels.Labels) string {
	return string(ls.DropReserved(func(name string) bool { return name == model.MetricNameLabel }).Bytes(nil))
}

// shown returns the expression whose values show how a rule's came to hold: what
// it compares with a number, or itself. It has the labels of the rule's result.
// It is empty for one that over a range would not be what it is at each time.
func shown(root parser.Expr) string {
	sound := true
	parser.Inspect(root, func(n parser.Node, _ []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			sound = sound && n.StartOrEnd == 0 && n.OriginalOffset >= 0
		case *parser.SubqueryExpr:
			sound = sound && n.StartOrEnd == 0 && n.OriginalOffset >= 0
		}
		return nil
	})
	if !sound {
		return ""
	}
	return shownPart(root).String()
}

func shownPart(node parser.Expr) parser.Expr {
	switch n := node.(type) {
	case *parser.ParenExpr:
		return shownPart(n.Expr)
	case *parser.BinaryExpr:
		switch {
		case n.Op == parser.LAND || n.Op == parser.LUNLESS: // the result is of the left side
			return shownPart(n.LHS)
		case !n.Op.IsComparisonOperator():
		case n.RHS.Type() == parser.ValueTypeScalar:
			return shownPart(n.LHS)
		case n.LHS.Type() == parser.ValueTypeScalar:
			return shownPart(n.RHS)
		}
	}
	return node
}
