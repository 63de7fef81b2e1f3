package trial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/alerts/silence"
	"monitord/history"
	"monitord/metric"
)

// A Replay is what rules would have done on a recorded history.
type Replay struct {
	// History is opened by [history.OpenReadOnly] to keep at least as much as
	// [Keep] says, and read by nobody else: what the rules write is appended to it.
	History *history.DB
	Rules   []*alerts.Rule // compiled, in the order of evaluation
	// Shown says which alert rules are in the result; the others are there for what
	// they write. nil: all.
	Shown func(*alerts.Rule) bool
	// From and To are Unix milliseconds, both inclusive. Rules are evaluated from some
	// time before From on, as far as that is recorded, so that what is active then is
	// known.
	From, To int64
	Interval time.Duration // of the ticks
	// Unread is an expression that tells of what was not read at a time, UnreadBy what
	// that is; empty: nobody knows.
	Unread   string
	UnreadBy func(labels.Labels) metric.Unread
	// Silences are those that alerts would have been under; nil: none.
	Silences *silence.Silences
	// Progress is told how much is done, from 0 to 1; nil: nobody. It is called
	// often, by one goroutine.
	Progress func(done float64)
}

// Keep is how far back the rules look at what they write themselves.
func Keep(rules []*alerts.Rule) time.Duration {
	var keep time.Duration
	for _, r := range rules {
		keep = max(keep, r.Fill())
	}
	return keep
}

// chunk is how much is evaluated at a time: a range query for it costs little more
// than one for a moment.
const chunk = int64(time.Hour / time.Millisecond)

// Run evaluates the rules at every tick that is recorded, with the daemon's own
// engine, one for each rule: block after block for an hour, then the next hour.
func (r *Replay) Run(ctx context.Context) (*Result, error) {
	if r.To < r.From {
		return nil, errors.New("replay: the end lies before the beginning")
	}
	res := &Result{From: r.From, To: r.To}
	stages, err := r.stages(res)
	if err != nil {
		return nil, fmt.Errorf("replay: %w", err)
	}
	blocks := plan(stages)
	begin := max(r.From-warmUp(blocks).Milliseconds(), 0)
	r.History.Hide(hides(stages), begin)
	a := newAhead(ctx, r, blocks, begin)
	defer a.close()
	for from := begin; from <= r.To; from = endOf(from, chunk) {
		ticks, err := a.ticks(from)
		if err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
		res.count(ticks, r.Interval)
		if err := r.chunk(ctx, a, blocks, from, ticks); err != nil {
			return nil, fmt.Errorf("replay: %w", err)
		}
		a.forget(from)
		if r.Progress != nil {
			r.Progress(float64(endOf(from, chunk)-begin) / float64(endOf(r.To, chunk)-begin))
		}
	}
	for _, s := range stages {
		s.result.finish(s.engine, s.rule, s.err)
		if s.lost.Failures > 0 {
			s.lost.Rule = s.rule.Name
			res.Failed = append(res.Failed, s.lost)
		}
	}
	res.sort()
	return res, nil
}

// chunk takes all blocks through the chunk that begins at a time.
func (r *Replay) chunk(ctx context.Context, a *ahead, blocks []*block, from int64, ticks []int64) error {
	unread, err := r.unread(ctx, ticks)
	if err != nil {
		return err
	}
	for _, b := range blocks {
		for _, s := range b.stages {
			if s.window, err = a.window(from, s); err != nil {
				return err
			}
			s.begin, s.unread = from, unread
		}
		if err := b.through(ctx, ticks); err != nil {
			return err
		}
	}
	return nil
}

// endOf is where the chunk of a time ends and the next one begins: whole hours, in
// which the history keeps what is appended.
func endOf(t, width int64) int64 { return t - t%width + width }

// stages makes an engine for each rule.
func (r *Replay) stages(res *Result) ([]*stage, error) {
	var stages []*stage
	eval := r.History.Evaluator(maxWindowSamples)
	for i, rule := range r.Rules {
		s := &stage{rule: rule, place: i, db: r.History, eval: eval, result: newFirings(rule, res)}
		s.reach = rule.Fill() + rule.Group.QueryOffset + r.History.Lookback()
		s.result.silent = r.Shown != nil && !r.Shown(rule)
		s.look()
		var err error
		s.engine, err = alerts.NewEngine(alerts.EngineOptions{
			Query: s, Registry: metric.NewRegistry(labels.EmptyLabels()), Append: s.append, Interval: r.Interval,
			Log: slog.New(slog.DiscardHandler), Evaluated: s.result.evaluated, Timeout: -1, Silences: r.Silences,
		})
		if err != nil {
			return nil, err
		}
		s.engine.Use([]*alerts.Rule{rule})
		stages = append(stages, s)
	}
	return stages, nil
}

// hides returns which of the recorded series the rules write anew.
func hides(stages []*stage) func(labels.Labels) bool {
	var written []map[string]string
	for _, s := range stages {
		if s.read {
			written = append(written, s.written...)
		}
	}
	return func(ls labels.Labels) bool {
	series:
		for _, known := range written {
			for name, value := range known {
				if ls.Get(name) != value {
					continue series
				}
			}
			return true
		}
		return false
	}
}

// Needed returns the rules that are wanted, and those that they read the results of,
// in their order.
func Needed(rules []*alerts.Rule, wanted func(*alerts.Rule) bool) []*alerts.Rule {
	stages := make([]*stage, len(rules))
	needed := make([]bool, len(rules))
	var open []int
	for i, r := range rules {
		stages[i] = &stage{rule: r}
		stages[i].look()
		if needed[i] = wanted(r); needed[i] {
			open = append(open, i)
		}
	}
	for len(open) > 0 {
		reader := stages[open[len(open)-1]]
		open = open[:len(open)-1]
		for i, s := range stages {
			if !needed[i] && reader.reads(s) {
				needed[i] = true
				open = append(open, i)
			}
		}
	}
	var list []*alerts.Rule
	for i, r := range rules {
		if needed[i] {
			list = append(list, r)
		}
	}
	return list
}
