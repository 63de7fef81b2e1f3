package promrules

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"monitord/alerts"
)

// Parse reads a rule file in Prometheus' format, YAML or JSON, as
// Prometheus 3 does: what that accepts is accepted. The file's name is for the
// faults, which are reported all at once. A syntax error hides what follows it.
func Parse(file string, text []byte) (groups []alerts.GroupConfig, faults []alerts.Fault) {
	defer func() {
		// The YAML library gives up on some documents by a panic of its own.
		if p := recover(); p != nil {
			groups, faults = nil, []alerts.Fault{{File: file, Line: 1, Msg: fmt.Sprintf("syntax: %v", p)}}
		}
	}()
	r := &reader{file: file, lines: yamlLines(text)}
	quiet := slog.New(slog.DiscardHandler)
	parsed, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), quiet)
	if len(errs) > 0 {
		r.explain(text, errs)
		return nil, r.faults
	}
	for i, g := range parsed.Groups {
		groups = append(groups, r.group(i, g))
	}
	return groups, nil
}

type reader struct {
	file   string
	lines  map[string]int
	faults []alerts.Fault
}

func (r *reader) group(i int, g rulefmt.RuleGroup) alerts.GroupConfig {
	config := alerts.GroupConfig{
		Name: g.Name, File: r.file, Interval: time.Duration(g.Interval), Limit: max(g.Limit, 0), Labels: g.Labels,
		Path: fmt.Sprintf("groups[%d]", i), Lines: r.lines, Prometheus: true,
	}
	if g.QueryOffset != nil {
		config.QueryOffset = time.Duration(*g.QueryOffset)
	}
	for _, rule := range g.Rules {
		config.Rules = append(config.Rules, alerts.RuleConfig{
			Name: rule.Alert, Record: rule.Record, Expr: rule.Expr,
			For: time.Duration(rule.For), KeepFiringFor: time.Duration(rule.KeepFiringFor),
			Labels: rule.Labels, Annotations: rule.Annotations,
		})
	}
	return config
}
