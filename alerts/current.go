package alerts

import (
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"

	"monitord/metric"
)

// A current knows the newest value of every live series, so that plain
// expressions are evaluated without a query, with the result that a query would
// have. It takes each tick's batch and what rules write at the tick, as the
// history does, and holds no more than one value of what is alive. Make it with
// newCurrent. It is not safe for concurrent use.
type current struct {
	lookback int64 // how old a value may be, milliseconds; 0: nothing is known, ever
	unknown  int64 // the history may have values up to here that are not in here
	t        int64 // the newest tick that was taken
	taken    bool  // since rules were evaluated last

	metrics map[string]*family
	byHash  map[uint64][]*reading // of the labels
	slots   []*reading            // of the points of the newest batch, in their order
	gone    []*metric.Series      // that ended at t
	changes uint64
	chosen  map[choice]*selection
	met     map[choice]*meeting
}

// A choice is what plain expressions may have in common.
type choice struct {
	selector string
	unnamed  bool
}

// A family is the series of one metric.
type family struct {
	readings []*reading
	changed  uint64 // when the set of them last changed, in changes
}

// A reading is the newest value of a series.
type reading struct {
	series *metric.Series // that it last came from; nil once it has ended
	t      int64
	v      float64
}

// A selection is what a plain expression selects, in the order of its result.
type selection struct {
	changed uint64 // the family's when it was made
	made    uint64
	picks   []pick
	clash   bool // several have the same labels: what a query says to that is an error
}

type pick struct {
	*reading
	labels labels.Labels // of the result
}

func newCurrent(lookback time.Duration, last int64) *current {
	c := &current{lookback: lookback.Milliseconds(), unknown: last}
	c.forget()
	return c
}

// forget leaves the state of a start.
func (c *current) forget() {
	c.metrics, c.byHash = make(map[string]*family), make(map[uint64][]*reading)
	c.slots, c.chosen, c.met = nil, make(map[choice]*selection), make(map[choice]*meeting)
}

// reload lets go of what was kept for expressions that may be gone.
func (c *current) reload() {
	clear(c.chosen)
	clear(c.met)
}

// observe takes the samples of a tick.
func (c *current) observe(b metric.Batch) {
	if c.lookback == 0 {
		return
	}
	if b.T <= c.t {
		// The clock was set back: of what was stored under the times to come, and
		// when it ended, nothing is known here.
		c.unknown = max(c.unknown, c.t)
		c.forget()
	}
	c.t, c.taken, c.gone = b.T, true, c.gone[:0]
	for i, p := range b.Points {
		if i == len(c.slots) {
			c.slots = append(c.slots, nil)
		}
		r := c.slots[i]
		if r == nil || r.series != p.Series {
			r = c.reading(p.Series)
			c.slots[i] = r
		}
		r.t, r.v = b.T, p.V
	}
	clear(c.slots[len(b.Points):])
	c.slots = c.slots[:len(b.Points)]
	c.ended(b)
}

// results takes what rules wrote at the tick at hand. A series that has a value
// at this time, or has ended at it, stays as it is, as in the history.
func (c *current) results(b metric.Batch) {
	if c.lookback == 0 {
		return
	}
	for _, p := range b.Points {
		if c.isGone(p.Series) {
			continue
		}
		if r := c.reading(p.Series); r.t != b.T {
			r.t, r.v = b.T, p.V
		}
	}
	c.ended(b)
}

func (c *current) isGone(s *metric.Series) bool {
	return slices.ContainsFunc(c.gone, func(g *metric.Series) bool { return labels.Equal(g.Labels, s.Labels) })
}

func (c *current) ended(b metric.Batch) {
	for _, s := range b.Ended {
		hash := s.Labels.Hash()
		r := c.find(hash, s)
		if r != nil && r.t == b.T {
			continue
		}
		c.gone = append(c.gone, s)
		if r == nil {
			continue
		}
		isIt := func(other *reading) bool { return other == r }
		name := s.Labels.Get(model.MetricNameLabel)
		f := c.metrics[name]
		f.readings = slices.DeleteFunc(f.readings, isIt)
		if c.touch(f); len(f.readings) == 0 {
			delete(c.metrics, name)
		}
		c.byHash[hash] = slices.DeleteFunc(c.byHash[hash], isIt)
		if len(c.byHash[hash]) == 0 {
			delete(c.byHash, hash)
		}
		r.series = nil
	}
}

// find compares labels: a series that a collector lets go of may live on under
// another pointer, if a rule writes it.
func (c *current) find(hash uint64, s *metric.Series) *reading {
	for _, r := range c.byHash[hash] {
		if r.series == s || labels.Equal(r.series.Labels, s.Labels) {
			return r
		}
	}
	return nil
}

func (c *current) reading(s *metric.Series) *reading {
	hash := s.Labels.Hash()
	r := c.find(hash, s)
	if r != nil {
		r.series = s
		return r
	}
	r = &reading{series: s, t: math.MinInt64}
	c.byHash[hash] = append(c.byHash[hash], r)
	name := s.Labels.Get(model.MetricNameLabel)
	f := c.metrics[name]
	if f == nil {
		f = &family{}
		c.metrics[name] = f
	}
	f.readings = append(f.readings, r)
	c.touch(f)
	return r
}

func (c *current) touch(f *family) {
	c.changes++
	f.changed = c.changes
}

// begin notes that rules are evaluated at a tick: one whose samples were not
// taken is not known, be it the second of its time, after the clock was set back, nor
// is then what was stored under the times to come.
func (c *current) begin(t int64) {
	if c.t != t || !c.taken {
		c.unknown = max(c.unknown, t, c.t)
	}
	c.taken = false
}

// knows reports whether everything is known that a query at t would look at.
func (c *current) knows(t int64) bool {
	return c.lookback > 0 && c.t == t && t-c.lookback >= c.unknown
}

// evaluate returns the result of a plain expression at t, or false if only a
// query can tell.
func (c *current) evaluate(p *plain, t int64) ([]metric.Value, bool) {
	if p == nil || !c.knows(t) {
		return nil, false
	}
	if p.pair != nil {
		return c.evaluatePair(p, t)
	}
	s := c.choose(p)
	if s.clash {
		return nil, false
	}
	var out []metric.Value
	for i := range s.picks {
		pick := &s.picks[i]
		if !p.passes(pick.v) || pick.t <= t-c.lookback || value.IsStaleNaN(pick.v) {
			continue
		}
		if v, ok := p.result(pick.v, t); ok {
			out = append(out, metric.Value{Labels: pick.labels, V: v})
		}
	}
	return out, true
}

func (s *selection) labels() []labels.Labels {
	all := make([]labels.Labels, len(s.picks))
	for i := range s.picks {
		all[i] = s.picks[i].labels
	}
	return all
}

// choose returns what the expression selects. Selecting costs more than the rest:
// it is done again only when series of the metric have come or gone.
func (c *current) choose(p *plain) *selection {
	f, what := c.metrics[p.name], choice{p.selector, p.unnamed}
	if f == nil {
		delete(c.chosen, what)
		return &selection{}
	}
	s := c.chosen[what]
	if s != nil && s.changed == f.changed {
		return s
	}
	c.changes++
	s = &selection{changed: f.changed, made: c.changes}
	for _, r := range f.readings {
		ls := r.series.Labels
		if !p.matches(ls) {
			continue
		}
		if p.unnamed {
			ls = ls.DropReserved(isMetadata)
		}
		s.picks = append(s.picks, pick{r, ls})
	}
	slices.SortFunc(s.picks, func(a, b pick) int { return labels.Compare(a.labels, b.labels) })
	for i := 1; i < len(s.picks); i++ {
		s.clash = s.clash || labels.Equal(s.picks[i-1].labels, s.picks[i].labels)
	}
	c.chosen[what] = s
	return s
}

// isMetadata says which labels arithmetic takes away.
func isMetadata(name string) bool {
	return name == model.MetricNameLabel || name == model.MetricTypeLabel || name == model.MetricUnitLabel
}
