package config

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// Bounds of a YAML document: aliases in it may stand for more than its text has.
const (
	maxYAMLValues = 1 << 18
	maxYAMLDepth  = 20
)

// yamlDocument reads a YAML text into what the TOML library would make of the
// same document, for a decoder to move onto a struct of the given type, and maps
// the path of every key to its line. What the struct has as a string is one
// however it is written: `values: 1` is "1". The error has a line.
func yamlDocument(text []byte, into reflect.Type) (map[string]any, map[string]int, error) {
	y := &yamlReader{lines: make(map[string]int)}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, y.lines, err
	}
	if doc.Kind == 0 || len(doc.Content) == 0 {
		return map[string]any{}, y.lines, nil
	}
	v := y.value(doc.Content[0], into, "", 0)
	if y.err != nil {
		return nil, y.lines, y.err
	}
	top, ok := v.(map[string]any)
	if !ok && v != nil {
		return nil, y.lines, errors.New("yaml: line 1: is no mapping, write key: value")
	}
	return top, y.lines, nil
}

// secondDocument is the line on which a second document begins that is not empty, or
// 0. The text must have been read before: on some the library panics.
func secondDocument(text []byte) int {
	d := yaml.NewDecoder(bytes.NewReader(text))
	for n := 0; ; n++ {
		var doc yaml.Node
		if d.Decode(&doc) != nil || len(doc.Content) == 0 {
			return 0
		}
		if n > 0 && doc.Content[0].ShortTag() != "!!null" {
			return doc.Content[0].Line
		}
	}
}

type yamlReader struct {
	lines  map[string]int
	values int
	err    error // the first one
}

func (y *yamlReader) fail(n *yaml.Node, format string, args ...any) {
	if y.err == nil {
		y.err = fmt.Errorf("yaml: line %d: %s", n.Line, fmt.Sprintf(format, args...))
	}
}

// value returns nil for null.
func (y *yamlReader) value(n *yaml.Node, t reflect.Type, path string, depth int) any {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if y.values++; y.values > maxYAMLValues || depth > maxYAMLDepth {
		y.fail(n, "has more than %d values or is nested more than %d deep", maxYAMLValues, maxYAMLDepth)
	}
	if y.err != nil {
		return nil
	}
	switch n.Kind {
	case yaml.MappingNode:
		doc := make(map[string]any, len(n.Content)/2)
		y.mapping(n, t, path, depth, doc)
		return doc
	case yaml.SequenceNode:
		elem := reflect.TypeFor[string]()
		if t.Kind() == reflect.Slice {
			elem = t.Elem()
		}
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			at := indexed(path, i)
			y.lines[at] = c.Line
			if list[i] = y.value(c, elem, at, depth+1); list[i] == nil {
				list[i] = ""
				if elem.Kind() == reflect.Struct {
					list[i] = map[string]any{}
				}
			}
		}
		return list
	}
	return scalar(n, t)
}

// scalar is what fits the type, or else the text, which the decoder will name.
func scalar(n *yaml.Node, t reflect.Type) any {
	if n.ShortTag() == "!!null" {
		return nil
	}
	switch t.Kind() {
	case reflect.Bool:
		var b bool
		if n.Decode(&b) == nil {
			return b
		}
	case reflect.Float64:
		var f float64
		if n.Decode(&f) == nil {
			return f
		}
	}
	return n.Value
}

// mapping reads the keys of a mapping that doc does not have yet.
func (y *yamlReader) mapping(n *yaml.Node, t reflect.Type, path string, depth int, doc map[string]any) {
	var fields map[string][]int
	if t.Kind() == reflect.Struct {
		fields = tomlFields(t)
	}
	own := make(map[string]bool, len(n.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, v := n.Content[i], n.Content[i+1]
		if key.ShortTag() == "!!merge" {
			merged = append(merged, v)
			continue
		}
		if key.Kind != yaml.ScalarNode {
			y.fail(key, "has a key that is no string")
			return
		}
		if own[key.Value] {
			y.fail(key, "key %q is there already", key.Value)
			return
		}
		own[key.Value] = true
		if _, taken := doc[key.Value]; taken {
			continue
		}
		at := join(path, key.Value)
		y.lines[at] = key.Line
		of := reflect.TypeFor[string]()
		if index, ok := fields[key.Value]; ok {
			of = t.FieldByIndex(index).Type
		}
		switch value := y.value(v, of, at, depth+1); {
		case value != nil:
			doc[key.Value] = value
		case fields == nil:
			doc[key.Value] = ""
		}
	}
	for _, m := range merged {
		y.merge(m, t, path, depth, doc)
	}
}

// merge reads what stands behind <<: a mapping or a list of them.
func (y *yamlReader) merge(n *yaml.Node, t reflect.Type, path string, depth int, doc map[string]any) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if y.values++; y.values > maxYAMLValues || depth > maxYAMLDepth {
		y.fail(n, "has more than %d values or is nested more than %d deep", maxYAMLValues, maxYAMLDepth)
	}
	switch {
	case y.err != nil:
	case n.Kind == yaml.MappingNode:
		y.mapping(n, t, path, depth+1, doc)
	case n.Kind == yaml.SequenceNode:
		for _, c := range n.Content {
			y.merge(c, t, path, depth+1, doc)
		}
	default:
		y.fail(n, "merges what is no mapping")
	}
}
