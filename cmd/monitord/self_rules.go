package main

import (
	"time"

	"monitord/alerts"
	"monitord/collectors"
	"monitord/metric"
)

// Rules of one name in groups of one name are one here.
var (
	descRuleTook    = metric.NewDesc("monitord_rule_last_evaluation_duration_seconds", metric.Gauge, "seconds", "How long the last evaluation of a rule took. Like the others by rule, it is brought up to date every five seconds.", "rule_group", "rule")
	descRuleTime    = metric.NewDesc("monitord_rule_evaluation_seconds_total", metric.Counter, "seconds", "Time spent in evaluating a rule.", "rule_group", "rule")
	descRuleEvals   = metric.NewDesc("monitord_rule_evaluations_total", metric.Counter, "", "Evaluations of a rule.", "rule_group", "rule")
	descRuleFails   = metric.NewDesc("monitord_rule_evaluation_failures_total", metric.Counter, "", "Evaluations of a rule that failed.", "rule_group", "rule")
	descRuleFailing = metric.NewDesc("monitord_rule_last_evaluation_failed", metric.Gauge, "", "1 if the last evaluation of a rule failed.", "rule_group", "rule")
)

const (
	// maxRuleFigures is how many rules have series of their own; the rest is summed up.
	maxRuleFigures = 500
	// figuresEvery is how often they change: a series costs a bit for a value that it
	// had before, and eight bytes for another, at every tick for every rule.
	figuresEvery = 5 * time.Second
)

// ruleFigures are the figures of the rules as they were when last asked for. The
// zero value is ready.
type ruleFigures struct {
	all []alerts.RuleFigure
	at  time.Time
}

func (c *selfCollector) judging(e *collectors.Emitter) {
	if f := &c.figures; f.all == nil || time.Since(f.at) >= figuresEvery {
		f.all, f.at = c.byRule(maxRuleFigures), time.Now()
	}
	for _, f := range c.figures.all {
		e.Add(descRuleTook, f.Took.Seconds(), f.Group, f.Rule)
		e.Add(descRuleTime, f.Total.Seconds(), f.Group, f.Rule)
		e.Add(descRuleEvals, float64(f.Evaluations), f.Group, f.Rule)
		e.Add(descRuleFails, float64(f.Failures), f.Group, f.Rule)
		e.Add(descRuleFailing, bit(f.Failing), f.Group, f.Rule)
	}
}
