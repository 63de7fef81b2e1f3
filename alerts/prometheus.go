package alerts

import (
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

// ParsePrometheus reads a rule file in Prometheus' format, YAML or JSON, as
// Prometheus 3 does: what that accepts is accepted. The file's name is for the
// faults, which are reported all at once. A syntax error hides what follows it.
func ParsePrometheus(file string, text []byte) (groups []GroupConfig, faults []Fault) {
	defer func() {
		// The YAML library gives up on some documents by a panic of its own.
		if p := recover(); p != nil {
			groups, faults = nil, []Fault{{File: file, Msg: fmt.Sprintf("syntax: %v", p)}}
		}
	}()
	r := &prometheusReader{file: file, lines: yamlLines(text)}
	parsed, errs := r.parse(text)
	for _, err := range errs {
		r.fault(err, parsed)
	}
	if len(r.faults) > 0 {
		slices.SortStableFunc(r.faults, func(a, b Fault) int { return a.Line - b.Line })
		return nil, slices.Compact(r.faults)
	}
	for i, g := range parsed.Groups {
		groups = append(groups, r.group(i, g))
	}
	return groups, nil
}

type prometheusReader struct {
	file   string
	lines  map[string]int
	faults []Fault
}

// parse reads the text strictly. Unknown fields alone are no reason not to look
// at the rest.
func (r *prometheusReader) parse(text []byte) (*rulefmt.RuleGroups, []error) {
	p := parser.NewParser(parser.Options{})
	quiet := slog.New(slog.DiscardHandler)
	parsed, errs := rulefmt.Parse(text, false, model.UTF8Validation, p, quiet)
	if parsed == nil {
		var more []error
		parsed, more = rulefmt.Parse(text, true, model.UTF8Validation, p, quiet)
		errs = append(errs, more...)
	}
	return parsed, errs
}

var (
	positionPattern = regexp.MustCompile(`^(\d+):(\d+): (?:\d+:\d+: )?`)
	yamlLinePattern = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?line (\d+): `)
)

// fault takes in an error of the parser's: the position that it mentions, or
// else that of the rule that it is about.
func (r *prometheusReader) fault(err error, parsed *rulefmt.RuleGroups) {
	var types *yaml.TypeError
	if errors.As(err, &types) {
		for _, text := range types.Errors {
			r.faults = append(r.faults, r.typeFault(text))
		}
		return
	}
	var of *rulefmt.Error
	if !errors.As(err, &of) {
		r.faults = append(r.faults, r.fileFault(err.Error(), parsed))
		return
	}
	line, msg := cutLine(positionPattern, of.Err.Error())
	f := Fault{File: r.file, Line: line, Msg: msg}
	group := -1
	if parsed != nil {
		group = slices.IndexFunc(parsed.Groups, func(g rulefmt.RuleGroup) bool { return g.Name == of.Group })
	}
	if group >= 0 {
		f.Key = fmt.Sprintf("groups[%d].rules[%d]", group, of.Rule-1)
		if f.Line == 0 {
			f.Line = lineOf(r.lines, f.Key)
		}
	}
	if of.RuleName != "" {
		f.Msg = of.RuleName + ": " + f.Msg
	}
	r.faults = append(r.faults, f)
}

// typeFault is for what the YAML library says of one value that is not as it
// should be.
func (r *prometheusReader) typeFault(text string) Fault {
	line, msg := cutLine(yamlLinePattern, text)
	if key, _, ok := strings.Cut(strings.TrimPrefix(msg, "field "), " not found in type"); ok {
		return Fault{File: r.file, Line: line, Key: key, Msg: "unknown key, Prometheus' rule files have none of this name here"}
	}
	msg, _, _ = strings.Cut(msg, " into ")
	return Fault{File: r.file, Line: line, Msg: msg + ", write what Prometheus' rule files have here"}
}

// fileFault is for an error that is of no rule: of the syntax, or of a group,
// whose position the parser mentions but does not know.
func (r *prometheusReader) fileFault(text string, parsed *rulefmt.RuleGroups) Fault {
	if line, msg := cutLine(yamlLinePattern, text); line > 0 {
		return Fault{File: r.file, Line: line, Msg: "syntax: " + msg}
	}
	line, msg := cutLine(positionPattern, text)
	f := Fault{File: r.file, Line: line, Msg: msg}
	if line > 0 || parsed == nil {
		return f
	}
	for i, g := range parsed.Groups {
		if strings.Contains(msg, strconv.Quote(g.Name)) || g.Name == "" && strings.HasPrefix(msg, "Groupname") {
			f.Key = fmt.Sprintf("groups[%d]", i)
			f.Line = lineOf(r.lines, f.Key)
		}
	}
	return f
}

// cutLine takes a position from the beginning of a message.
func cutLine(pattern *regexp.Regexp, text string) (int, string) {
	found := pattern.FindStringSubmatch(text)
	if found == nil {
		return 0, text
	}
	line, _ := strconv.Atoi(found[1])
	return line, text[len(found[0]):]
}

func (r *prometheusReader) group(i int, g rulefmt.RuleGroup) GroupConfig {
	config := GroupConfig{
		Name: g.Name, File: r.file, Interval: time.Duration(g.Interval), Limit: max(g.Limit, 0), Labels: g.Labels,
		Path: fmt.Sprintf("groups[%d]", i), Lines: r.lines, Prometheus: true,
	}
	if g.QueryOffset != nil {
		config.QueryOffset = time.Duration(*g.QueryOffset)
	}
	for _, rule := range g.Rules {
		config.Rules = append(config.Rules, RuleConfig{
			Name: rule.Alert, Record: rule.Record, Expr: rule.Expr,
			For: time.Duration(rule.For), KeepFiringFor: time.Duration(rule.KeepFiringFor),
			Labels: rule.Labels, Annotations: rule.Annotations,
		})
	}
	return config
}
