package alerts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// Compile makes rules of their configuration, in the order of evaluation:
// recording rules, alert rules, and behind them the built-in ones. It returns
// every fault, each as "rules[2].expr: what is wrong, what to do"; the rules are
// of use only without faults. The interval is that of the ticks.
func Compile(configs []RuleConfig, interval time.Duration) ([]*Rule, []error) {
	c := compiler{interval: interval, seen: make(map[string]string)}
	builtIn := builtInRules(interval)
	for _, r := range builtIn {
		c.seen[r.nameAndLabels()] = "a built-in rule"
	}
	var recording, alerting []*Rule
	for i, config := range configs {
		c.at = fmt.Sprintf("rules[%d]", i)
		r := c.rule(config)
		switch {
		case r == nil:
		case r.Recording:
			recording = append(recording, r)
		default:
			alerting = append(alerting, r)
		}
	}
	return slices.Concat(recording, alerting, builtIn), c.faults
}

// A compiler collects faults. It is of use for one Compile.
type compiler struct {
	interval time.Duration
	at       string            // path of the rule at hand
	seen     map[string]string // name and labels, and which rule has them
	faults   []error
}

func (c *compiler) fault(key, format string, args ...any) {
	c.faults = append(c.faults, fmt.Errorf("%s.%s: %s", c.at, key, fmt.Sprintf(format, args...)))
}

// rule returns nil when the configuration has a fault.
func (c *compiler) rule(config RuleConfig) *Rule {
	before := len(c.faults)
	c.name(config)
	expr, err := parseExpression(config.Expr)
	if err != nil {
		c.fault("expr", "%v", err)
	}
	if config.Every < 0 {
		c.fault("every", "is %v, must not be negative", config.Every)
	} else if config.Every > 0 && config.Every < c.interval {
		c.fault("every", "is %v, must be at least the interval of the ticks, %v", config.Every, c.interval)
	}
	if config.For < 0 {
		c.fault("for", "is %v, must not be negative", config.For)
	}
	if config.Severity != "" && config.Labels["severity"] != "" {
		c.fault("severity", "is given here (%q) and in labels (%q), keep one", config.Severity, config.Labels["severity"])
	}
	c.pairs("labels", config.Labels)
	c.pairs("annotations", config.Annotations)
	for i, hook := range config.Hooks {
		if hook == "" {
			c.fault(fmt.Sprintf("hooks[%d]", i), "is empty, write the name of a hook")
		}
	}
	if config.Record != "" {
		c.recording(config)
	} else {
		c.templates("labels", config.Labels)
		c.templates("annotations", config.Annotations)
		c.templates("", map[string]string{"severity": config.Severity})
	}
	if len(c.faults) > before {
		return nil
	}
	r := newRule(config, expr, c.interval)
	if other, ok := c.seen[r.nameAndLabels()]; ok {
		key := "name"
		if r.Recording {
			key = "record"
		}
		c.fault(key, "%q with these labels is %s already, give one of them another name or label", r.Name, other)
		return nil
	}
	c.seen[r.nameAndLabels()] = c.at
	return r
}

func (c *compiler) name(config RuleConfig) {
	switch {
	case config.Name == "" && config.Record == "":
		c.fault("name", "is missing, write the alert's name, or record for a recording rule")
	case config.Name != "" && config.Record != "":
		c.fault("record", "stands beside name (%q), a rule is one or the other: remove one", config.Name)
	case len(config.Name) > maxNameBytes || len(config.Record) > maxNameBytes:
		c.fault("name", "is longer than %d bytes, choose a shorter one", maxNameBytes)
	case !utf8.ValidString(config.Name):
		c.fault("name", "is not UTF-8, write it in UTF-8")
	}
}

func (c *compiler) recording(config RuleConfig) {
	const only = "belongs to an alert rule, remove it from this recording rule"
	if !model.UTF8Validation.IsValidMetricName(config.Record) || strings.ContainsAny(config.Record, "{}") {
		c.fault("record", "%q is no metric name, write one such as instance:cpu_busy:rate1m", config.Record)
	}
	if config.For != 0 {
		c.fault("for", only)
	}
	if config.Severity != "" {
		c.fault("severity", only)
	}
	if len(config.Annotations) > 0 {
		c.fault("annotations", only)
	}
	if config.Hooks != nil {
		c.fault("hooks", only)
	}
}

// pairs checks labels or annotations, whatever they stand for.
func (c *compiler) pairs(key string, pairs map[string]string) {
	if len(pairs) > maxPairs {
		c.fault(key, "are %d, must be at most %d", len(pairs), maxPairs)
	}
	for _, name := range slices.Sorted(maps.Keys(pairs)) {
		at := key + "." + name
		switch {
		case !model.UTF8Validation.IsValidLabelName(name) || len(name) > maxNameBytes:
			c.fault(at, "%q is no label name, write letters, digits and underscores", name)
		case key == "labels" && (name == model.MetricNameLabel || name == labels.AlertName):
			c.fault(at, "is set from the rule's name, remove it")
		case !utf8.ValidString(pairs[name]):
			c.fault(at, "is not UTF-8, write it in UTF-8")
		case len(pairs[name]) > maxTemplateBytes:
			c.fault(at, "is %d bytes long, must be at most %d", len(pairs[name]), maxTemplateBytes)
		}
	}
}

func (c *compiler) templates(key string, pairs map[string]string) {
	for _, t := range templatesOf(pairs) {
		if err := t.try(); err != nil {
			c.fault(strings.TrimPrefix(key+"."+t.name, "."), "%v", err)
		}
	}
}

// nameAndLabels is what no two rules may share.
func (r *Rule) nameAndLabels() string {
	kind := "alert "
	if r.Recording {
		kind = "record "
	}
	return kind + r.Name + labels.FromMap(r.Labels).String()
}
