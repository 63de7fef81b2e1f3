package trial

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/history"
	"monitord/metric"
)

// A stage is one rule of a replay: its engine, and what its expression gives in
// the chunk at hand. It is not safe for concurrent use.
type stage struct {
	rule   *alerts.Rule
	place  int // in the order of evaluation
	db     *history.DB
	engine *alerts.Engine
	result *firings
	block  *block

	needs     []*stage // whose results it reads
	selectors []history.Selector
	blind     bool                // what it reads is not known: it may be anything
	instants  bool                // a range query would not give what instants give
	clearing  bool                // one for `clear` would
	read      bool                // what it writes is read by a rule
	again     bool                // it reads what it or a rule behind it writes
	waits     bool                // it reads what a rule writes
	reach     time.Duration       // how far back it reads
	written   []map[string]string // what is known of the labels of the series that it writes

	err    error  // of the last query that failed
	lost   Failed // writes of which not all was kept
	eval   *history.Evaluator
	window *window                   // of the chunk at hand; nil: there is none
	clear  *window                   // of `clear`, from some time in the chunk on
	asked  int                       // times in the chunk that `clear` was asked for a moment
	begin  int64                     // of the chunk
	end    int64                     // last tick of the chunk
	unread map[int64][]metric.Unread // in the chunk, by tick
}

// clearSoon is how often `clear` is asked for a moment before the rest of the chunk
// is asked for: most often the first time is the last.
const clearSoon = 10

// look finds out what the rule reads and writes.
func (s *stage) look() {
	s.written = s.writes()
	expr, err := history.ParseExpr(s.rule.Expr)
	if err != nil {
		s.blind, s.instants = true, true
		return
	}
	s.selectors, s.instants = expr.Selectors(), expr.NeedsInstants()
	if s.rule.Clear != "" {
		expr, err := history.ParseExpr(s.rule.Clear)
		s.blind, s.clearing = err != nil, err == nil && !expr.NeedsInstants()
		s.selectors = append(s.selectors, expr.Selectors()...)
	}
	for _, text := range s.rule.Labels {
		if !s.rule.Recording && strings.Contains(text, "query") {
			s.blind = true // a template may ask for whatever it likes
		}
	}
}

// writes returns what is known of the labels of the series that the rule writes.
func (s *stage) writes() []map[string]string {
	known := make(map[string]string)
	for name, value := range s.rule.Labels {
		if s.rule.Recording || !strings.Contains(value, "{{") {
			known[name] = value
		}
	}
	if s.rule.Recording {
		known[model.MetricNameLabel] = s.rule.Name
		return []map[string]string{known}
	}
	var both []map[string]string
	for _, metric := range []string{"ALERTS", "ALERTS_FOR_STATE"} {
		of := map[string]string{model.MetricNameLabel: metric}
		for name, value := range known {
			of[name] = value
		}
		of[labels.AlertName] = s.rule.Name
		both = append(both, of)
	}
	return both
}

// reads reports whether the rule may read what another writes.
func (s *stage) reads(other *stage) bool {
	if s.blind {
		return true
	}
	for _, known := range other.written {
		for _, sel := range s.selectors {
			if sel.May(known) {
				return true
			}
		}
	}
	return false
}

var errNotKept = errors.New("what it writes is written by another rule as well, and not all of it is kept: rules that read it may do otherwise than told here")

// append stores what the rule writes, if there is a rule that reads it. The engine
// takes the history to say itself what it does not keep: this one says it nowhere.
func (s *stage) append(b metric.Batch) error {
	if !s.read || len(b.Points)+len(b.Ended) == 0 {
		return nil
	}
	s.block.wrote = b.T
	values := make([]metric.Value, len(b.Points))
	for i, p := range b.Points {
		values[i] = metric.Value{Labels: p.Series.Labels, V: p.V}
	}
	ended := make([]labels.Labels, len(b.Ended))
	for i, e := range b.Ended {
		ended[i] = e.Labels
	}
	before := s.db.Stats().Rejected
	err := s.db.AppendValues(b.T, values, ended)
	if err == nil && s.db.Stats().Rejected > before {
		err = errNotKept
	}
	if s.lost.Attempts++; err != nil {
		s.lost.Failures++
		s.lost.Err = err
	}
	return err
}

// Instant is the engine's query: from the window if it has the time.
func (s *stage) Instant(ctx context.Context, expr string, t int64) ([]metric.Value, error) {
	if expr == s.rule.Expr && s.window.has(t) && !s.block.disturbs(t, s.begin, s.reach) {
		return s.window.at(t), nil
	}
	if expr == s.rule.Clear && s.clearing && !s.block.feeds && expr != s.rule.Expr {
		if s.clear.has(t) {
			return s.clear.at(t), nil
		}
		if s.asked++; s.asked == clearSoon && s.window != nil {
			var err error
			if s.clear, err = fillWindow(ctx, s.eval, expr, t, s.end, s.rule.Every.Milliseconds()); err != nil {
				return nil, err
			}
			if s.clear.has(t) {
				return s.clear.at(t), nil
			}
		}
	}
	values, err := s.db.Instant(ctx, expr, t)
	if err != nil && ctx.Err() == nil {
		s.err = err
	}
	return values, err
}

// through evaluates the rule at ticks.
func (s *stage) through(ctx context.Context, ticks []int64) error {
	s.clear, s.asked, s.end = nil, 0, ticks[len(ticks)-1]
	for _, t := range ticks {
		s.result.tick(t)
		if lacks := s.unread[t]; len(lacks) > 0 {
			s.engine.Lacks(t, lacks)
		}
		s.result.take(s.engine.Eval(ctx, t).Events)
	}
	return ctx.Err()
}
