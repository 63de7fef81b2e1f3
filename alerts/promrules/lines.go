package promrules

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// yamlLines maps the path of every key in a YAML text to its line, counted from
// 1: groups[1].rules[2].expr. On a text that is not YAML it is empty.
func yamlLines(text []byte) map[string]int {
	lines := make(map[string]int)
	var doc yaml.Node
	if yaml.Unmarshal(text, &doc) != nil {
		return lines
	}
	noteLines(&doc, "", 0, lines)
	return lines
}

// Bounds of what is noted: rule files are three mappings deep, and their keys
// short.
const (
	maxYAMLDepth = 10
	maxYAMLLines = 1 << 18
	maxYAMLPath  = 1 << 10
)

func noteLines(n *yaml.Node, path string, depth int, lines map[string]int) {
	if depth > maxYAMLDepth || len(lines) > maxYAMLLines || len(path) > maxYAMLPath {
		return
	}
	switch n.Kind {
	case yaml.DocumentNode:
		for _, child := range n.Content {
			noteLines(child, path, depth+1, lines)
		}
	case yaml.SequenceNode:
		for i, child := range n.Content {
			at := fmt.Sprintf("%s[%d]", path, i)
			lines[at] = child.Line
			noteLines(child, at, depth+1, lines)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			at := dotted(path, n.Content[i].Value)
			lines[at] = n.Content[i].Line
			noteLines(n.Content[i+1], at, depth+1, lines)
		}
	}
}

// dotted joins a path and a key, either of which may be empty.
func dotted(path, key string) string {
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}
