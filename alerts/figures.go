package alerts

import (
	"cmp"
	"time"
)

// A RuleFigure sums up what the rules of one name, in groups of one name, have
// done since the start.
type RuleFigure struct {
	Group, Rule string
	Evaluations uint64
	Failures    uint64        // of these
	Total       time.Duration // spent in evaluations
	Took        time.Duration // the last evaluation, of several rules together
	Failing     bool          // the last evaluation of one of them failed
}

// otherRules is what rules are counted as that are too many.
const otherRules = "others"

// Figures returns the figures of the rules in force, of at most so many names in
// the order of evaluation; the others' are summed up in one more.
func (e *Engine) Figures(limit int) []RuleFigure {
	type name struct{ group, rule string }
	e.mu.RLock()
	defer e.mu.RUnlock()
	all := make([]RuleFigure, 0, min(len(e.trackers), limit+1))
	at := make(map[name]int, cap(all))
	for _, tr := range e.trackers {
		n := name{tr.rule.Group.Name, tr.rule.Name}
		i, ok := at[n]
		if !ok && len(all) >= limit {
			n = name{otherRules, otherRules}
			i, ok = at[n]
		}
		if !ok {
			i = len(all)
			at[n] = i
			all = append(all, RuleFigure{Group: n.group, Rule: n.rule})
		}
		f, h := &all[i], &tr.health
		f.Evaluations += h.evaluations
		f.Failures += h.failures
		f.Total += h.total
		f.Took += h.took
		f.Failing = f.Failing || cmp.Or(h.err, tr.clash) != nil
	}
	return all
}
