package promrules

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"

	"monitord/alerts"
)

// explain finds every fault of a text that Prometheus' parser does not take, given
// what that says. Each has its line and key.
func (r *reader) explain(text []byte, errs []error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		r.syntax(err.Error(), text)
		return
	}
	if len(doc.Content) > 0 {
		tree := &ruleTree{fault: r.fault, gone: make(map[string]bool)}
		var groups rulefmt.RuleGroups
		if tree.value(doc.Content[0], yamlRuleFile, "") && doc.Decode(&groups) == nil {
			r.groups(groups, tree.gone)
		}
	}
	if len(r.faults) == 0 {
		for _, err := range errs {
			r.other(err)
		}
	}
	slices.SortStableFunc(r.faults, func(a, b alerts.Fault) int {
		return cmp.Or(a.Line-b.Line, strings.Compare(a.Key, b.Key), strings.Compare(a.Msg, b.Msg))
	})
	r.faults = slices.Compact(r.faults)
}

func (r *reader) fault(line int, key, msg string) {
	r.faults = append(r.faults, alerts.Fault{File: r.file, Line: line, Key: key, Msg: msg})
}

// at reports a fault of a key, or of the nearest around it that is there.
func (r *reader) at(key, msg string) {
	whole := alerts.GroupConfig{File: r.file, Lines: r.lines}
	r.fault(max(whole.Fault(key, msg).Line, 1), key, msg)
}

// groups holds against Prometheus' rules what has the right form. What is gone is
// not missed.
func (r *reader) groups(all rulefmt.RuleGroups, gone map[string]bool) {
	first := make(map[string]int)
	p := parser.NewParser(parser.Options{})
	for i, g := range all.Groups {
		path := fmt.Sprintf("groups[%d]", i)
		if gone[path] {
			continue
		}
		if g.Name == "" {
			if !gone[path+".name"] {
				r.at(path+".name", "is empty, name the group")
			}
		} else if at, there := first[g.Name]; there {
			r.at(path+".name", fmt.Sprintf("%q is the name of groups[%d] already, name it otherwise", g.Name, at))
		} else {
			first[g.Name] = i
		}
		for name, value := range g.Labels {
			if !model.UTF8Validation.IsValidLabelName(name) || name == model.MetricNameLabel {
				r.at(dotted(path+".labels", name), fmt.Sprintf("%q is no name for a label, write another", name))
			}
			if !model.LabelValue(value).IsValid() {
				r.at(dotted(path+".labels", name), "is no UTF-8, write text")
			}
		}
		for j, rule := range g.Rules {
			at := fmt.Sprintf("%s.rules[%d]", path, j)
			for _, err := range rule.Validate(rulefmt.RuleNode{}, model.UTF8Validation, p) {
				key, msg := ruleFault(errors.Unwrap(&err).Error())
				missing := key == "expr" && rule.Expr == "" && gone[at+".expr"] || key == "" && (gone[at+".alert"] || gone[at+".record"])
				if !gone[at] && !missing {
					r.at(dotted(at, key), msg)
				}
			}
		}
	}
}

var (
	fieldPattern    = regexp.MustCompile(`^invalid field '(\w+)' in recording rule$`)
	templatePattern = regexp.MustCompile(`^(label|annotation) ("(?:[^"\\]|\\.)*"): (?s:(.*))$`)
	namePattern     = regexp.MustCompile(`^invalid (label|annotation) name: (?s:(.*))$`)
)

// ruleFault is what the parser says of a rule: the key below it that is meant, what
// is wrong and what to do.
func ruleFault(text string) (key, msg string) {
	switch {
	case strings.HasPrefix(text, "only one of"):
		return "alert", "stands beside record, keep one of them"
	case strings.HasPrefix(text, "one of"):
		return "", "has neither alert nor record, name the one or the other"
	case strings.HasPrefix(text, "field 'expr'"):
		return "expr", "is empty, write a PromQL expression"
	case strings.HasPrefix(text, "invalid recording rule name"), strings.HasPrefix(text, "braces present"):
		return "record", "is no name of a metric, write letters, digits, _ and :, the rest belongs in expr"
	case strings.HasPrefix(text, "invalid label value"):
		return "labels", text + ", write UTF-8"
	}
	if what, ok := strings.CutPrefix(text, "could not parse expression: "); ok {
		return "expr", "is not PromQL: " + what + ", correct it"
	}
	if found := fieldPattern.FindStringSubmatch(text); found != nil {
		return found[1], "is for alerts, take it out of a recording rule"
	}
	if found := templatePattern.FindStringSubmatch(text); found != nil {
		name, _ := strconv.Unquote(found[2])
		return dotted(found[1]+"s", name), found[3] + ", correct the template"
	}
	if found := namePattern.FindStringSubmatch(text); found != nil {
		return dotted(found[1]+"s", found[2]), fmt.Sprintf("%q is no name for %s, write another", found[2], map[string]string{"label": "a label", "annotation": "an annotation"}[found[1]])
	}
	return "", text
}

var (
	linePattern   = regexp.MustCompile(`^(?:yaml: )?(?:unmarshal errors:\s*)?(?:line )?(?:(\d+):(?:\d+:)* )?`)
	anchorPattern = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
)

// other is for what the parser says and nothing here explains.
func (r *reader) other(err error) {
	texts := []string{err.Error()}
	var types *yaml.TypeError
	if errors.As(err, &types) {
		texts = types.Errors
	}
	for _, text := range texts {
		found := linePattern.FindStringSubmatch(text)
		line, _ := strconv.Atoi(found[1])
		line = max(line, 1)
		msg, _, _ := strings.Cut(text[len(found[0]):], " into ")
		r.fault(line, r.keyOn(line), msg+", write what Prometheus' rule files have here")
	}
}

// keyOn is the innermost key on a line.
func (r *reader) keyOn(line int) string {
	key := ""
	for k, l := range r.lines {
		if l == line && (len(k) > len(key) || len(k) == len(key) && k < key) {
			key = k
		}
	}
	return key
}

// syntax is for a text that is not YAML. The library has no line for the first
// one, for bytes that are no text, and for a name that is not there.
func (r *reader) syntax(said string, text []byte) {
	found := linePattern.FindStringSubmatch(said)
	line, _ := strconv.Atoi(found[1])
	msg := said[len(found[0]):]
	if line == 0 {
		at := 0
		if anchor := anchorPattern.FindStringSubmatch(msg); anchor != nil {
			at = bytes.Index(text, []byte("*"+anchor[1]))
		} else if strings.Contains(msg, "control characters") || strings.Contains(msg, "UTF-8") {
			at = noText(text)
			msg += ", write text in UTF-8"
		}
		line = 1 + bytes.Count(text[:max(at, 0)], []byte("\n"))
	}
	r.fault(line, "", "syntax: "+msg)
}

// noText is where the first byte is that no YAML has.
func noText(text []byte) int {
	for i := 0; i < len(text); {
		c, n := utf8.DecodeRune(text[i:])
		if c == utf8.RuneError && n == 1 || c < ' ' && c != '\n' && c != '\r' && c != '\t' || c >= 0x7f && c < 0xa0 && c != 0x85 {
			return i
		}
		i += n
	}
	return 0
}
