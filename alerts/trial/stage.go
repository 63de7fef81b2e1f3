package trial

import (
	"context"
	"strings"

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
	db     *history.DB
	engine *alerts.Engine
	result *firings

	selectors []history.Selector
	blind     bool // what it reads is not known: it may be anything
	instants  bool // a range query would not give what instants give
	read      bool // what it writes is read by a rule
	waits     bool // it reads what a rule before it writes

	err    error   // of the last query that failed
	window *window // of the chunk at hand; nil: there is none
}

// look finds out what the rule reads.
func (s *stage) look() {
	expr, err := history.ParseExpr(s.rule.Expr)
	if err != nil {
		s.blind, s.instants = true, true
		return
	}
	s.selectors, s.instants = expr.Selectors(), expr.NeedsInstants()
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
	for _, known := range other.writes() {
		for _, sel := range s.selectors {
			if sel.May(known) {
				return true
			}
		}
	}
	return false
}

// append stores what the rule writes, if there is a rule that reads it.
func (s *stage) append(b metric.Batch) error {
	if !s.read {
		return nil
	}
	values := make([]metric.Value, len(b.Points))
	for i, p := range b.Points {
		values[i] = metric.Value{Labels: p.Series.Labels, V: p.V}
	}
	ended := make([]labels.Labels, len(b.Ended))
	for i, e := range b.Ended {
		ended[i] = e.Labels
	}
	return s.db.AppendValues(b.T, values, ended)
}

// Instant is the engine's query: from the window if it has the time.
func (s *stage) Instant(ctx context.Context, expr string, t int64) ([]metric.Value, error) {
	if expr == s.rule.Expr && s.window.has(t) {
		return s.window.at(t), nil
	}
	values, err := s.db.Instant(ctx, expr, t)
	if err != nil && ctx.Err() == nil {
		s.err = err
	}
	return values, err
}

// through evaluates the rule at ticks.
func (s *stage) through(ctx context.Context, ticks []int64) error {
	for _, t := range ticks {
		s.result.take(s.engine.Eval(ctx, t).Events)
	}
	return ctx.Err()
}
