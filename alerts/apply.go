package alerts

import (
	"fmt"
	"maps"
	"slices"
)

// An evaluation is what a rule's expression gave at a tick.
type evaluation struct {
	t        int64
	elements []element
	seen     map[string]bool // keys of the elements
	cleared  map[string]bool // labelsKey of what `clear` returned, metric names aside
	err      error
}

// A change is what an evaluation did to one alert.
type change struct {
	in    *instance
	kinds []Kind
}

// missing returns the active alerts that an evaluation did not return, in order.
func (tr *tracker) missing(ev *evaluation) []string {
	var keys []string
	for key := range tr.alerts {
		if !ev.seen[key] {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// apply moves the rule's alerts over an evaluation. It returns the changes, and
// with always every alert that the result has, in its order, then those that are
// missing.
func (tr *tracker) apply(ev *evaluation, missing []string, always bool) []change {
	if ev.t < tr.unsure {
		return tr.wait(ev.t)
	}
	if tr.overflows(ev, missing) {
		return tr.drop(ev.t)
	}
	var changes []change
	for _, el := range ev.elements {
		in := tr.alerts[el.key]
		if in == nil {
			in = newInstance(el.labels)
			in.state.Changes = tr.resting[el.key]
			delete(tr.resting, el.key)
			tr.alerts[el.key] = in
		}
		in.source, in.stale = el.source, tr.stale(in, ev.t, false)
		if kinds := tr.move(in, Result{Verdict: Present, Value: el.source.value}, ev.t); len(kinds) > 0 || in.rule != tr.rule || always {
			changes = append(changes, change{in: in, kinds: kinds})
		}
	}
	for _, key := range missing {
		in := tr.alerts[key]
		in.stale = tr.stale(in, ev.t, true)
		kinds := tr.move(in, Result{Verdict: tr.verdict(in, ev)}, ev.t)
		if !in.state.Active() {
			tr.rest(key, in, ev.t)
		}
		if len(kinds) > 0 {
			changes = append(changes, change{in: in, kinds: kinds})
		}
	}
	return changes
}

// wait leaves the rule's alerts as they are at a time of which its expression says
// nothing.
func (tr *tracker) wait(t int64) []change {
	for _, in := range tr.alerts {
		tr.move(in, Result{Verdict: Unfilled}, t)
	}
	return nil
}

func (tr *tracker) move(in *instance, r Result, t int64) []Kind {
	var kinds []Kind
	in.state, kinds = Transition(in.state, r, t, tr.rule.timing)
	return kinds
}

// verdict is what an evaluation says about an alert that it did not return.
func (tr *tracker) verdict(in *instance, ev *evaluation) Verdict {
	switch {
	case ev.err != nil:
		return Unknown
	case tr.unfilled(in, ev.t):
		return Unfilled
	case tr.rule.Clear != "" && in.state.Phase == PhaseFiring && !ev.cleared[in.elementKey(tr.rule)]:
		return Uncleared
	}
	return Absent
}

// unfilled reports whether the absence of an alert says nothing, since what the
// expression looks at is not read, or not yet since the start, or its range has a
// hole. A pending one that is not from before the hole has lost nothing there:
// kept over its absences it would fire without having held.
func (tr *tracker) unfilled(in *instance, t int64) bool {
	switch {
	case t < tr.filled && (in.state.Phase != PhasePending || in.state.ActiveAt < tr.since):
		return true
	case t < tr.settled && in.state.ActiveAt < tr.began:
		return true
	}
	return tr.stale(in, t, true)
}

// waitsForClear reports whether one of these alerts ends only if `clear` says so.
func (tr *tracker) waitsForClear(missing []string, t int64) bool {
	return tr.rule.Clear != "" && slices.ContainsFunc(missing, func(key string) bool {
		in := tr.alerts[key]
		return in.state.Phase == PhaseFiring && !tr.unfilled(in, t)
	})
}

// overflows holds the alerts that an evaluation would leave against the group's
// limit, as Prometheus does, and makes it a failure.
func (tr *tracker) overflows(ev *evaluation, missing []string) bool {
	limit := tr.rule.Group.Limit
	if limit == 0 || ev.err != nil {
		return false
	}
	n := len(ev.elements)
	for _, key := range missing {
		in := tr.alerts[key]
		if s, _ := Transition(in.state, Result{Verdict: tr.verdict(in, ev)}, ev.t, tr.rule.timing); s.Active() {
			n++
		}
	}
	if n > limit {
		ev.err = fmt.Errorf("exceeded limit of %d with %d alerts, all of the rule's alerts are dropped: raise the group's limit or narrow the expression", limit, n)
	}
	return n > limit
}

// drop ends all alerts of the rule, whatever would hold them.
func (tr *tracker) drop(t int64) []change {
	var changes []change
	for _, key := range slices.Sorted(maps.Keys(tr.alerts)) {
		in := tr.alerts[key]
		var kinds []Kind
		in.state, kinds = Transition(in.state, Result{Verdict: Absent}, t, Timing{})
		changes = append(changes, change{in: in, kinds: kinds})
	}
	clear(tr.alerts)
	return changes
}

// rest lets go of an alert that ended, and remembers for a rule with `flap` when
// it came and went.
func (tr *tracker) rest(key string, in *instance, t int64) {
	delete(tr.alerts, key)
	flap := tr.rule.timing.Flap
	if flap.Changes == 0 {
		tr.resting = nil
		return
	}
	maps.DeleteFunc(tr.resting, func(_ string, changes []int64) bool { return len(flap.recent(changes, t)) == 0 })
	if len(tr.resting) >= maxResults {
		return
	}
	if tr.resting == nil {
		tr.resting = make(map[string][]int64)
	}
	tr.resting[key] = in.state.Changes
}
