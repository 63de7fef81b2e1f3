package trial

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"monitord/alerts"
)

// maxFirings bounds what is remembered of single firings; the totals have all.
const maxFirings = 100_000

// A Result is what came of a replay.
type Result struct {
	From, To int64 // Unix milliseconds, as asked for
	First    int64 // tick that was recorded; 0: none
	Last     int64
	Ticks    int           // recorded
	Missing  time.Duration // between First and Last, in which no tick was taken
	Firings  []Firing      // in the order in which they began, as far as there is room for them
	Omitted  int           // firings that are not among them
	Totals   []Total       // of each alert rule, in the order of evaluation
	Failed   []Failed      // rules that could not always be evaluated
}

// A Firing is an alert from when it began to fire until it resolved.
type Firing struct {
	Rule   string
	Labels labels.Labels
	Active int64   // since when the expression had held, as far as that is known; Unix milliseconds
	Start  int64   // Unix milliseconds
	Before bool    // it fired already at the first tick of the time asked for, which is its Start
	End    int64   // Unix milliseconds; of the last tick if it fires still
	Still  bool    // it fires still
	Peak   float64 // the greatest value, or the least where the expression compares by < or <=

	// Silenced is how much of the time it was under a silence: all of it, and nobody
	// would have been told.
	Silenced   time.Duration
	SilencedBy []string // ids of the silences, in the order in which they came

	key    string // fingerprint
	quiet  int64  // since when it has been silenced; 0: it is not. Unix milliseconds
	unseen bool   // its peak is from before its start
}

// A Total sums up an alert rule.
type Total struct {
	Rule       string
	Group      string
	Firings    int
	Before     int           // of these that fired already when the time asked for began
	Still      int           // of these that fire still
	Silenced   int           // of these that were silenced from start to end
	Firing     time.Duration // of all together
	Longest    time.Duration
	NeverFired int // alerts that were pending and ended without firing
	Pending    int // alerts that are pending in the end
}

// Failed is a rule that could not be evaluated each time, and its alerts stayed as they
// were then; or one whose results could not be kept each time for those that read them.
type Failed struct {
	Rule               string
	Failures, Attempts uint64
	Err                error // the last one, if it is known
}

// count notes the ticks of a chunk.
func (r *Result) count(ticks []int64, interval time.Duration) {
	for _, t := range ticks {
		if t < r.From {
			continue
		}
		if r.Ticks == 0 {
			r.First = t
		} else if gap := time.Duration(t-r.Last) * time.Millisecond; gap > interval {
			r.Missing += gap - interval
		}
		r.Last = t
		r.Ticks++
	}
}

// firings follows the alerts of one rule.
type firings struct {
	res    *Result
	total  Total
	least  bool // the least value is the peak
	silent bool // nothing of it is in the result
	begun  bool // the time asked for has
	open   map[string]*Firing
}

func newFirings(rule *alerts.Rule, res *Result) *firings {
	return &firings{
		res: res, total: Total{Rule: rule.Name, Group: rule.Group.Name},
		least: comparesBelow(rule.Expr), open: make(map[string]*Firing),
	}
}

// comparesBelow reports whether an expression returns what is below something.
func comparesBelow(expr string) bool {
	root, err := language.ParseExpr(expr)
	if err != nil {
		return false
	}
	for {
		switch e := root.(type) {
		case *parser.ParenExpr:
			root = e.Expr
		case *parser.BinaryExpr:
			switch e.Op {
			case parser.LSS, parser.LTE:
				return true
			case parser.LAND, parser.LOR, parser.LUNLESS:
				root = e.LHS
			default:
				return false
			}
		default:
			return false
		}
	}
}

// tick is called before what happens at a tick is taken.
func (f *firings) tick(t int64) {
	if f.begun || t < f.res.From {
		return
	}
	f.begun = true
	for _, firing := range f.open {
		firing.Start, firing.Before, firing.unseen = t, true, true
		if firing.Silenced = 0; firing.quiet > 0 {
			firing.quiet = t
		}
	}
}

// take takes what happened at a tick.
func (f *firings) take(events []alerts.Event) {
	for _, e := range events {
		key := e.Alert.Fingerprint
		if firing := f.open[key]; firing != nil {
			firing.silenced(e)
		}
		switch e.Kind {
		case alerts.KindFiring:
			f.open[key] = &Firing{
				Rule: f.total.Rule, Labels: e.Alert.Labels, Active: e.Alert.ActiveAt.UnixMilli(), Start: e.T, Peak: e.Alert.Value, key: key,
			}
			f.open[key].silenced(e)
		case alerts.KindResolved:
			if firing := f.open[key]; firing != nil {
				delete(f.open, key)
				if f.begun {
					f.ended(firing, e.T)
				}
			}
		case alerts.KindInactive:
			if f.begun {
				f.total.NeverFired++
			}
		}
	}
}

// silenced takes from an event what silences the alert is under.
func (f *Firing) silenced(e alerts.Event) {
	by := e.Alert.SilencedBy
	for _, id := range by {
		if !slices.Contains(f.SilencedBy, id) {
			f.SilencedBy = append(f.SilencedBy, id)
		}
	}
	switch {
	case len(by) > 0 && f.quiet == 0:
		f.quiet = e.T
	case len(by) == 0:
		f.loud(e.T)
	}
}

// loud ends the time in which it is silenced.
func (f *Firing) loud(t int64) {
	if f.quiet > 0 {
		f.Silenced += time.Duration(t-f.quiet) * time.Millisecond
	}
	f.quiet = 0
}

// evaluated is the engine's, for each alert that the expression returned.
func (f *firings) evaluated(_ *alerts.Rule, fingerprint string, s alerts.State) {
	if s.Phase != alerts.PhaseFiring {
		return
	}
	firing := f.open[fingerprint]
	switch {
	case firing == nil:
	case firing.unseen, math.IsNaN(firing.Peak), f.least && s.Value < firing.Peak, !f.least && s.Value > firing.Peak:
		firing.Peak, firing.unseen = s.Value, false
	}
}

func (f *firings) ended(firing *Firing, t int64) {
	firing.End = t
	firing.loud(t)
	lasted := time.Duration(t-firing.Start) * time.Millisecond
	f.total.Firings++
	f.total.Firing += lasted
	f.total.Longest = max(f.total.Longest, lasted)
	if firing.Still {
		f.total.Still++
	}
	if firing.Before {
		f.total.Before++
	}
	if firing.Silenced > 0 && firing.Silenced == lasted {
		f.total.Silenced++
	}
	switch {
	case f.silent:
		return
	case len(f.res.Firings) == maxFirings:
		f.res.Omitted++
		return
	}
	firing.unseen = false
	f.res.Firings = append(f.res.Firings, *firing)
}

// finish is called after the last tick.
func (f *firings) finish(engine *alerts.Engine, rule *alerts.Rule, queryErr error) {
	if !f.begun { // nothing is recorded of the time asked for
		clear(f.open)
	}
	for _, firing := range f.open {
		firing.Still = true
		f.ended(firing, f.res.Last)
	}
	for _, s := range engine.Rules() {
		for _, a := range s.Alerts {
			if a.State == alerts.PhasePending {
				f.total.Pending++
			}
		}
		if s.Failures > 0 {
			f.res.Failed = append(f.res.Failed, Failed{rule.Name, s.Failures, s.Evaluations, cmp.Or(s.LastError, queryErr)})
		}
	}
	if !rule.Recording && !f.silent {
		f.res.Totals = append(f.res.Totals, f.total)
	}
}

// sort puts the firings in the order in which they began.
func (r *Result) sort() {
	slices.SortFunc(r.Firings, func(a, b Firing) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Rule, b.Rule), labels.Compare(a.Labels, b.Labels))
	})
}
