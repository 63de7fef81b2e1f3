package alerts

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Limits of what a rule may say. They keep an event below what the journal takes.
const (
	maxNameBytes     = 512
	maxPairs         = 64       // labels, and annotations
	maxTemplateBytes = 16 << 10 // of one label or annotation as it is written down
)

// A Rule is a compiled rule. It is made by [Compile] and immutable: nothing that
// it refers to may be changed.
type Rule struct {
	ID            string // identity: hash of name, labels and expression, 16 hex digits
	Name          string // of the alert, or of the metric that is recorded
	Recording     bool
	BuiltIn       bool
	Group         *Group
	Expr          string
	Every, For    time.Duration
	KeepFiringFor time.Duration
	Clear         string            // also PromQL: what it returns is what may resolve; empty: whatever is absent
	Flap          *Flap             // nil: it does not matter how often an alert comes and goes
	Labels        map[string]string // as configured, severity included: templates in an alert rule
	Annotations   map[string]string
	Hooks         []string // nil: every hook whose matchers fit; empty: none

	expr        expression
	labels      []template
	annotations []template
	timing      Timing
	steady      bool          // the labels' templates depend on the element's labels alone
	phase       time.Duration // when in Every it is due
}

// newRule makes a rule of a configuration that has no faults.
func newRule(c RuleConfig, of *Group, expr expression, interval time.Duration) *Rule {
	r := &Rule{
		Name: c.Name, BuiltIn: of.BuiltIn, Group: of, Expr: expr.text, Every: c.Every, For: c.For, KeepFiringFor: c.KeepFiringFor, Flap: c.Flap,
		Labels: maps.Clone(c.Labels), Annotations: maps.Clone(c.Annotations), Hooks: c.Hooks,
		expr: expr,
	}
	for name, value := range of.labels {
		if r.Labels == nil {
			r.Labels = make(map[string]string, len(of.labels))
		}
		if _, own := r.Labels[name]; !own {
			r.Labels[name] = value
		}
	}
	if expr.clear != nil {
		r.Clear = expr.clear.text
	}
	r.timing = Timing{For: c.For, KeepFiringFor: c.KeepFiringFor}
	if c.Flap != nil {
		r.timing.Flap = *c.Flap
	}
	if c.Record != "" {
		r.Name, r.Recording = c.Record, true
	}
	if c.Severity != "" {
		if r.Labels == nil {
			r.Labels = make(map[string]string, 1)
		}
		r.Labels["severity"] = c.Severity
	}
	r.labels, r.annotations = templatesOf(r.Labels), templatesOf(r.Annotations)
	r.steady = !slices.ContainsFunc(r.labels, func(t template) bool { return !t.steady() })
	sum := r.identity()
	r.ID = hex.EncodeToString(sum[:8])
	if of.Interval > 0 {
		r.Every = max(of.Interval, interval)
		r.phase = time.Duration(of.phase) % r.Every
		return r
	}
	if r.Every == 0 {
		r.Every = defaultEvery(expr.span, interval)
	}
	r.Every = max(r.Every.Round(interval), interval)
	steps := int64(r.Every / interval)
	r.phase = time.Duration(int64(sum[8])<<8|int64(sum[9])) % time.Duration(steps) * interval
	return r
}

// Query returns the expression as Prometheus writes it.
func (r *Rule) Query() string { return r.expr.formal }

// copyID is the identity of the n-th rule that says the same as one before it.
func (r *Rule) copyID(n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s#%d", r.ID, n))
	return hex.EncodeToString(sum[:8])
}

// identity is over the text as it is written, not over a form that the parser
// gives: it must not change with the next version of the parser, or an upgrade
// would resolve every alert and fire it again.
func (r *Rule) identity() [sha256.Size]byte {
	var b strings.Builder
	part := func(s string) {
		b.WriteString(s)
		b.WriteByte(0)
	}
	part(r.Name)
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		part(name)
		part(r.Labels[name])
	}
	part("")
	part(r.Expr)
	if r.Recording {
		part("record")
	}
	return sha256.Sum256([]byte(b.String()))
}

// Due reports whether the rule is to be evaluated at t when it was last at the
// given time (0: never), both Unix milliseconds. Rules of one period are spread
// over it; one whose tick was left out is made up for at the next.
func (r *Rule) Due(t, last int64) bool {
	if last == 0 || t < last {
		return true
	}
	every, phase := r.Every.Milliseconds(), r.phase.Milliseconds()
	return (t-phase)/every != (last-phase)/every
}

// Fill is how far back the expression looks: ranges and offsets, those of
// subqueries and of the recording rules that it reads of added up.
func (r *Rule) Fill() time.Duration { return r.expr.fill }
