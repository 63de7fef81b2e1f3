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
	proofs   []proof       // of this tick
	searched int           // of proofs
}

// A proof is a query for the evidence of those of a rule's alerts that begin to fire.
type proof struct {
	rule  *Rule
	fires map[string][]*instance // by unnamedKey
	found map[string]*Evidence
}

func (p *prover) begin() {
	p.spent, p.tried, p.searched = 0, 0, 0
	clear(p.proofs)
	p.proofs = p.proofs[:0]
}

// want notes those of a rule's alerts that begin to fire at t. It returns how many
// go without evidence for sure.
func (p *prover) want(r *Rule, changes []change, t int64) (without int) {
	if p.ranger == nil {
		return 0
	}
	fires := make(map[string][]*instance)
	for _, c := range changes {
		if !slices.Contains(c.kinds, KindFiring) || c.in.source.t != t {
			continue
		}
		if r.expr.shows == "" || p.tried == proofAlerts {
			without++
			continue
		}
		p.tried++
		key := unnamedKey(c.in.source.labels)
		fires[key] = append(fires[key], c.in)
	}
	if len(fires) > 0 {
		p.proofs = append(p.proofs, proof{rule: r, fires: fires})
	}
	return without
}

// search finds the evidence for all that fire at t and have none yet, the rules
// beside each other. A failure costs the evidence alone.
func (p *prover) search(ctx context.Context, t int64) {
	proofs := p.proofs[p.searched:]
	if p.searched = len(p.proofs); len(proofs) == 0 {
		return
	}
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, proofTime-p.spent)
	defer cancel()
	beside(ctx, len(proofs), func(i int) { proofs[i].search(ctx, p.ranger, p.interval, t) })
	p.spent += time.Since(start)
}

// prove gives the alerts that begin to fire at t their evidence, and the events
// that say so. It comes when all rules have been evaluated: nobody waits for it but
// those who are told.
func (e *Engine) prove(ctx context.Context, events []Event, t int64) {
	e.prover.search(ctx, t)
	if len(e.prover.proofs) == 0 {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	proved := make(map[string]*Evidence)
	for _, p := range e.prover.proofs {
		for key, list := range p.fires {
			found := p.found[key]
			for _, in := range list {
				if found == nil {
					e.unproven.Add(1)
					continue
				}
				in.evidence = found
				proved[eventKey(p.rule.ID, in.fingerprint)] = found
			}
		}
	}
	for i := range events {
		if ev := &events[i]; ev.Kind == KindFiring && proved[ev.Key()] != nil {
			ev.Alert.Evidence = proved[ev.Key()]
		}
	}
}

func (p *proof) search(ctx context.Context, ranger Ranger, interval time.Duration, t int64) {
	r := p.rule
	t -= r.Group.QueryOffset.Milliseconds()
	step := max(interval, r.Every)
	begin := t - int64(proofSpan/step)*step.Milliseconds()
	found := make(map[string]*Evidence)
	twice := make(map[string]bool)
	err := ranger.Range(ctx, r.expr.shows, begin, t, step.Milliseconds(), func(ls labels.Labels, points []promql.FPoint) error {
		key := unnamedKey(ls)
		if len(points) == 0 || p.fires[key] == nil {
			return nil
		}
		twice[key] = found[key] != nil
		points = points[max(len(points)-maxEvidence, 0):]
		e := &Evidence{Values: make([]Sample, len(points))}
		for i, point := range points {
			e.Values[i] = Sample{T: point.T, V: point.F}
		}
		found[key] = e
		return nil
	})
	if err != nil {
		return
	}
	for key, is := range twice {
		if is {
			delete(found, key)
		}
	}
	p.found = found
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
