package alerts

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/promql"

	"monitord/alerts/silence"
	"monitord/metric"
)

// A Querier evaluates an instant query at a time in Unix milliseconds. It must
// be safe for concurrent use.
type Querier interface {
	Instant(ctx context.Context, expr string, t int64) ([]metric.Value, error)
}

// EngineOptions are what an [Engine] works with. Query, Append, Registry,
// Interval and Log are needed.
type EngineOptions struct {
	Query    Querier
	Registry *metric.Registry
	// Append puts what rules write into the history, so that the next rule and
	// everyone else can query it. It may be called several times in a tick. The
	// history reports its own errors.
	Append   func(metric.Batch) error
	Interval time.Duration // of the ticks
	// Lookback is how far back an instant query sees a value. It is needed by
	// [Engine.Observe] only.
	Lookback time.Duration
	Log      *slog.Logger

	// Range finds evidence for alerts that fire; nil: they have none.
	Range Ranger

	// Tracked are the alerts that the journal knows of, and LastTick
	// is the newest tick that it had stored, in Unix milliseconds (0: none).
	Tracked  []Tracked
	LastTick int64
	// Settle is how long after the start it takes until every collector has read
	// once: until then the absence of a series resolves nothing.
	Settle time.Duration

	// Evaluated is told of each alert that an evaluation returned, as it is then;
	// nil: nobody. It must not call the engine.
	Evaluated func(r *Rule, fingerprint string, s State)

	// Silences are what alerts may be under; nil: none.
	Silences *silence.Silences

	ExternalLabels map[string]string // $externalLabels of templates; may be nil

	// Bare leaves Prometheus' semantics and no more, for rules that are tested on
	// made-up samples: no time between two ticks is a hole, and annotations are
	// expanded at each evaluation, not when something happens, groups are evaluated
	// in the order in which they are loaded, and the external URL is as it is written.
	Bare bool

	ExternalURL string        // where people reach the page, for links; may be empty
	Timeout     time.Duration // of the evaluation of one rule; 0 is 10 s, less than that none
}

// An Engine evaluates rules and follows their alerts through time. Use
// NewEngine and Load. Eval is called by one goroutine, the tick's; everything
// else is safe for concurrent use with it.
type Engine struct {
	o      EngineOptions
	expand *expander
	link   string // what a fingerprint is appended to

	clock    clock           // Eval's alone
	write    writer          // Eval's alone
	current  *current        // Eval's and Observe's
	unread   []metric.Unread // of the batch at observed; likewise
	observed int64
	step     time.Duration       // by how much the clock was set before it; likewise
	seen     map[string]bool     // Eval's alone
	silences *silence.Follower   // Eval's alone
	prover   prover              // Eval's alone
	ahead    map[*tracker]answer // queries made before their rule's turn; Eval's alone
	written  map[string]bool     // metrics that rules write; Eval's alone

	unproven atomic.Uint64 // alerts that fired without evidence
	turns    atomic.Uint64 // parts of evaluations that ended

	mu       sync.RWMutex // guards the fields below and what they refer to; Eval alone writes, except next
	next     []*Rule      // loaded and not yet adopted; nil when there is nothing new
	trackers []*tracker   // in the order of evaluation
	restored map[string]map[string]*instance
	resting  map[string]map[string][]int64 // restored, too: by rule, as tracker.resting
}

// NewEngine returns an engine that has no rules yet.
func NewEngine(o EngineOptions) (*Engine, error) {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	link := o.ExternalURL
	if !o.Bare { // as in Prometheus: templates write {{ $externalURL }}/path
		link = strings.TrimRight(link, "/")
	}
	external, err := url.Parse(link)
	if err != nil {
		return nil, fmt.Errorf("alert engine: external URL: %w", err)
	}
	e := &Engine{
		o:        o,
		clock:    newClock(o),
		current:  newCurrent(o.Lookback, o.LastTick),
		silences: silence.Follow(o.Silences),
		ahead:    make(map[*tracker]answer),
		prover:   prover{ranger: o.Range, interval: o.Interval},
		restored: make(map[string]map[string]*instance),
		resting:  make(map[string]map[string][]int64),
	}
	e.write = newWriter(o.Registry, func(b metric.Batch) error {
		e.current.results(b)
		return o.Append(b)
	})
	e.expand = &expander{query: e.templateQuery, external: o.ExternalLabels, url: external}
	if o.ExternalURL != "" {
		e.link = external.JoinPath("/").String() + "#alert="
	}
	for _, t := range o.Tracked {
		e.restore(t)
	}
	return e, nil
}

func (e *Engine) restore(t Tracked) {
	rule, key := t.Event.Rule, labelsKey(t.Event.Alert.Labels)
	if t.Event.Alert.State == PhaseInactive {
		if e.resting[rule] == nil {
			e.resting[rule] = make(map[string][]int64)
		}
		e.resting[rule][key] = t.Changes
		return
	}
	if e.restored[rule] == nil {
		e.restored[rule] = make(map[string]*instance)
	}
	e.restored[rule][key] = restoreInstance(t)
}

// templateQuery is the query function of templates. It sees what rules wrote before
// at the same tick.
func (e *Engine) templateQuery(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	e.write.flush()
	values, err := e.o.Query.Instant(ctx, expr, at.UnixMilli())
	if err != nil {
		return nil, err
	}
	vec := make(promql.Vector, len(values))
	for i, v := range values {
		vec[i] = promql.Sample{T: at.UnixMilli(), F: v.V, Metric: v.Labels}
	}
	return vec, nil
}

// Load replaces the rules, all of them or, if there is any fault, none. They are
// in force from the next Eval on: a rule whose identity stays keeps its state,
// and the alerts of one that is gone resolve. The faults are those of [Compile].
func (e *Engine) Load(groups []GroupConfig) []Fault {
	compiled, faults := compile(groups, e.o.Interval)
	if len(faults) > 0 {
		return faults
	}
	rules := slices.Concat(compiled...)
	if !e.o.Bare {
		rules = evaluationOrder(compiled)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next = rules
	return nil
}

// Observe takes the samples of a tick, as the history has them. It is called
// before Eval at that tick, by the same goroutine: what compares current values
// needs no query then, and what the tick lacks resolves nothing.
func (e *Engine) Observe(b metric.Batch) {
	e.current.observe(b)
	e.unread, e.observed, e.step = b.Unread, b.T, b.Step
}

// Use is [Engine.Load] with rules that [Compile] made, in their order.
func (e *Engine) Use(rules []*Rule) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.next = slices.Clone(rules)
}

// adopt puts newly loaded rules in force and returns how the alerts of those
// that are gone ended.
func (e *Engine) adopt(t int64) []Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.next == nil {
		return nil
	}
	before := make(map[string]*tracker, len(e.trackers))
	for _, tr := range e.trackers {
		before[tr.rule.ID] = tr
	}
	trackers := make([]*tracker, 0, len(e.next))
	for _, r := range e.next {
		tr := before[r.ID]
		if tr == nil {
			tr = &tracker{alerts: e.restored[r.ID], resting: e.resting[r.ID]}
			if tr.alerts == nil {
				tr.alerts = make(map[string]*instance)
			}
			delete(e.restored, r.ID)
		}
		delete(before, r.ID)
		tr.rule, tr.filled, tr.since = r, max(tr.filled, e.clock.filled(r)), e.clock.began
		tr.unsure = max(tr.unsure, e.clock.unsure(r))
		tr.began, tr.settled = e.clock.start, e.clock.settled(r)
		trackers = append(trackers, tr)
	}
	var events []Event
	for _, tr := range e.trackers {
		if before[tr.rule.ID] == tr {
			events = append(events, e.end(tr.rule.ID, tr.alerts, t)...)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(e.restored)) {
		events = append(events, e.end(id, e.restored[id], t)...)
	}
	rules := e.next
	e.trackers, e.next, e.restored, e.resting = trackers, nil, nil, nil
	e.current.reload()
	e.written = writtenBy(rules)
	return events
}

// end ends alerts whose rule is gone. The hooks that heard of them last hear of it.
func (e *Engine) end(id string, alerts map[string]*instance, t int64) []Event {
	var events []Event
	for _, key := range slices.Sorted(maps.Keys(alerts)) {
		in := alerts[key]
		var kinds []Kind
		in.state, kinds = Transition(in.state, Result{Verdict: Absent}, t, Timing{})
		for _, kind := range kinds {
			events = append(events, Event{T: t, Kind: kind, Rule: id, Alert: in.alert(e.link, t), Hooks: in.hooks})
		}
	}
	return events
}
