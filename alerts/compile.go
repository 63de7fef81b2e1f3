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

// Compile makes rules of their configuration, in the order of evaluation: group
// after group, the built-in ones at the end. It returns every fault; the rules
// are of use only without faults. The interval is that of the ticks.
func Compile(groups []GroupConfig, interval time.Duration) ([]*Rule, []Fault) {
	compiled, faults := compile(groups, interval)
	return evaluationOrder(compiled), faults
}

// compile returns the rules of each group, in the order of the groups.
func compile(groups []GroupConfig, interval time.Duration) ([][]*Rule, []Fault) {
	c := compiler{interval: interval, ids: make(map[string]int), reserved: make(map[string]bool)}
	builtIn := builtInRules(interval)
	for _, r := range builtIn {
		c.ids[r.ID]++
		c.reserved[r.nameAndLabels()] = true
	}
	compiled := make([][]*Rule, 0, len(groups)+1)
	for _, config := range groups {
		compiled = append(compiled, c.group(config))
	}
	return append(compiled, builtIn), c.faults
}

// A compiler collects faults. It is of use for one Compile.
type compiler struct {
	interval time.Duration
	ids      map[string]int    // how many rules have an identity
	reserved map[string]bool   // name and labels of the built-in rules
	config   *GroupConfig      // at hand
	of       *Group            // at hand
	at       string            // path of the rule at hand in its group
	seen     map[string]string // in the group: name and labels, and which rule has them
	faults   []Fault
}

// group returns the group's rules in the order of evaluation.
func (c *compiler) group(config GroupConfig) []*Rule {
	c.config, c.of, c.seen = &config, newGroup(config), make(map[string]string)
	c.at = ""
	if config.Interval < 0 || config.QueryOffset < 0 || config.Limit < 0 {
		c.fault("", "interval, query_offset and limit must not be negative")
	}
	c.pairs("labels", config.Labels)
	var recording, alerting []*Rule
	for i, rule := range config.Rules {
		c.at = fmt.Sprintf("rules[%d]", i)
		r := c.rule(rule)
		switch {
		case r == nil:
		case r.Recording && !config.Prometheus:
			recording = append(recording, r)
		default:
			alerting = append(alerting, r)
		}
	}
	return append(recording, alerting...)
}

func (c *compiler) fault(key, format string, args ...any) {
	if c.config.Prometheus && key == "name" {
		key = "alert"
	}
	c.faults = append(c.faults, c.config.Fault(dotted(c.at, key), fmt.Sprintf(format, args...)))
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
	if config.Clear != "" {
		clear, err := parseExpression(config.Clear)
		if err != nil {
			c.fault("clear", "%v", err)
		}
		expr = expr.with(clear)
	}
	if config.Flap != nil {
		wrong := config.Flap.faults()
		for _, key := range slices.Sorted(maps.Keys(wrong)) {
			c.fault(key, "%s", wrong[key])
		}
	}
	if config.KeepFiringFor < 0 {
		c.fault("keep_firing_for", "is %v, must not be negative", config.KeepFiringFor)
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
	r := newRule(config, c.of, expr, c.interval)
	if !c.unique(r) {
		return nil
	}
	if n := c.ids[r.ID]; n > 0 {
		// The same rule in another group: alerts of its own, with an identity that
		// stays as long as the order of the two does.
		c.ids[r.ID]++
		r.ID = r.copyID(n)
	}
	c.ids[r.ID]++
	return r
}

// unique holds a rule against those with its name and labels. Prometheus allows
// several; elsewhere it is a mistake.
func (c *compiler) unique(r *Rule) bool {
	same := r.nameAndLabels()
	other := c.seen[same]
	if c.config.Prometheus {
		other = ""
	}
	if c.reserved[same] {
		other = "a built-in rule"
	}
	if other != "" {
		key := "name"
		if r.Recording {
			key = "record"
		}
		c.fault(key, "%q with these labels is %s already, give one of them another name or label", r.Name, other)
		return false
	}
	c.seen[same] = dotted(c.config.Path, c.at)
	return true
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
	if config.KeepFiringFor != 0 {
		c.fault("keep_firing_for", only)
	}
	if config.Clear != "" {
		c.fault("clear", only)
	}
	if config.Flap != nil {
		c.fault("flap", only)
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
		case key == "labels" && (name == model.MetricNameLabel || name == labels.AlertName && !c.config.Prometheus):
			c.fault(at, "is set from the rule's name, remove it")
		case !utf8.ValidString(pairs[name]):
			c.fault(at, "is not UTF-8, write it in UTF-8")
		case len(pairs[name]) > maxTemplateBytes:
			c.fault(at, "is %d bytes long, must be at most %d", len(pairs[name]), maxTemplateBytes)
		}
	}
}

// templates tries labels or annotations. Prometheus is content with a text that
// parses, which the reader of its files has seen to.
func (c *compiler) templates(key string, pairs map[string]string) {
	if c.config.Prometheus {
		return
	}
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
