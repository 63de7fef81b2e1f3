package promrules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// A ruleTree looks for what is wrong in the YAML of a rule file that Prometheus'
// own parser, which ends at the first duration that is none, does not take. Keys
// with a fault are taken out, so that the rest can be looked at in turn.
type ruleTree struct {
	fault  func(line int, key, msg string)
	gone   map[string]bool // paths of what was taken out
	visits int
	merges int // that the walk is inside of: one may hold itself
}

// A yamlShape says what a value is to be. Null is nothing said, and taken as such.
type yamlShape struct {
	want string // in words
	keys map[string]*yamlShape
	each *yamlShape // of a list, or of a mapping with keys of any name
	list bool
	fits func(n *yaml.Node) error // of a scalar; nil: it is none
}

var (
	yamlText     = &yamlShape{want: "a text", fits: func(*yaml.Node) error { return nil }}
	yamlCount    = &yamlShape{want: "a whole number", fits: func(n *yaml.Node) error { var i int; return n.Decode(&i) }}
	yamlDuration = &yamlShape{want: "a duration such as 5m", fits: func(n *yaml.Node) error {
		_, err := model.ParseDuration(n.Value)
		return err
	}}
	yamlTexts = &yamlShape{want: "a mapping of names to texts", each: yamlText}
	yamlRules = &yamlShape{want: "a list of rules", list: true, each: &yamlShape{want: "a rule: a mapping with alert or record, and expr", keys: map[string]*yamlShape{
		"record": yamlText, "alert": yamlText, "expr": yamlText, "for": yamlDuration, "keep_firing_for": yamlDuration,
		"labels": yamlTexts, "annotations": yamlTexts,
	}}}
	yamlGroups = &yamlShape{want: "a list of groups", list: true, each: &yamlShape{want: "a group: a mapping with name and rules", keys: map[string]*yamlShape{
		"name": yamlText, "interval": yamlDuration, "query_offset": yamlDuration, "limit": yamlCount,
		"rules": yamlRules, "labels": yamlTexts,
	}}}
	yamlRuleFile = &yamlShape{want: "a mapping with groups", keys: map[string]*yamlShape{"groups": yamlGroups}}
)

// value returns whether the node may stay.
func (t *ruleTree) value(n *yaml.Node, shape *yamlShape, path string) bool {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if t.visits++; t.visits > maxYAMLLines || len(path) > maxYAMLPath {
		return true
	}
	switch {
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null":
		return true
	case n.Kind == yaml.ScalarNode && shape.fits != nil:
		if shape.fits(n) == nil {
			return true
		}
	case n.Kind == yaml.SequenceNode && shape.list:
		for i, c := range n.Content {
			at := path + "[" + strconv.Itoa(i) + "]"
			if !t.value(c, shape.each, at) || c.ShortTag() == "!!null" {
				// Those after it keep their places.
				n.Content[i] = &yaml.Node{Kind: yaml.MappingNode, Line: c.Line}
				t.gone[at] = true
			}
		}
		return true
	case n.Kind == yaml.MappingNode && !shape.list && shape.fits == nil:
		t.mapping(n, shape, path)
		return true
	}
	t.gone[path] = true
	t.fault(n.Line, path, fmt.Sprintf("is %s, write %s", describeYAML(n), shape.want))
	return false
}

// mapping takes out every pair with a fault.
func (t *ruleTree) mapping(n *yaml.Node, shape *yamlShape, path string) {
	lines := make(map[string]int, len(n.Content)/2)
	kept := make([]*yaml.Node, 0, len(n.Content))
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			kept = append(kept, key, value)
			t.merged(value, shape, path)
			continue
		}
		at := dotted(path, key.Value)
		of, known := shape.keys[key.Value]
		if shape.each != nil {
			of, known = shape.each, true
		}
		switch {
		case key.Kind != yaml.ScalarNode, key.Value == "" && !known:
			t.fault(key.Line, path, "has a key that is no text, write names as keys")
		case lines[key.Value] > 0: // the first one stays
			t.fault(key.Line, at, fmt.Sprintf("is there already at line %d, keep one of them", lines[key.Value]))
		case !known:
			t.fault(key.Line, at, "unknown key, Prometheus' rule files have "+keyNames(shape)+" here")
		case t.value(value, of, at):
			kept = append(kept, key, value)
		}
		if key.Kind == yaml.ScalarNode {
			lines[key.Value] = max(lines[key.Value], key.Line)
		}
	}
	n.Content = kept
}

// merged looks at what stands behind <<: a mapping or a list of them.
func (t *ruleTree) merged(n *yaml.Node, shape *yamlShape, path string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	t.visits++
	if t.merges++; t.visits <= maxYAMLLines && t.merges <= maxYAMLDepth {
		switch n.Kind {
		case yaml.MappingNode:
			t.mapping(n, shape, path)
		case yaml.SequenceNode:
			for _, c := range n.Content {
				t.merged(c, shape, path)
			}
		}
	}
	t.merges--
}

func keyNames(shape *yamlShape) string {
	var names []string
	for name := range shape.keys {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// describeYAML is a value in a few words.
func describeYAML(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	const most = 40 // characters of a text that are shown
	if r := []rune(n.Value); len(r) > most {
		return strconv.Quote(string(r[:most])) + "…"
	}
	return strconv.Quote(n.Value)
}
