package config

import (
	"bytes"
	"cmp"
	"errors"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// A Document is one text in TOML or YAML: it knows on which line of its file each
// key stands, and collects what is wrong with them. It is not safe for concurrent use.
type Document struct {
	file    string
	lines   map[string]int
	faults  []Fault
	broken  bool              // not even the syntax is right
	decoded int               // how many of these Decode found: they hide what follows from them
	env     map[string]string // key path → variable that set it
}

// Decode moves a text onto the struct that into points to, over what is there, by
// its `toml:"key"` tags. It is TOML if the name of its file says so, else YAML. What
// could not be decoded is among the document's faults.
func Decode(file string, text []byte, into any) *Document {
	v := reflect.ValueOf(into).Elem()
	if IsTOML(file) {
		return decodeTOML(file, text, v, "")
	}
	p := &Document{file: file}
	var tree map[string]any
	var err error
	if tree, p.lines, err = yamlDocument(bytes.TrimPrefix(text, []byte("\ufeff")), v.Type()); err != nil {
		p.broken = true
		p.Add(yamlFault(file, err))
	} else {
		(&decoder{report: p.Fault}).table(tree, v, "")
	}
	p.decoded = len(p.faults)
	return p
}

// IsTOML tells what a file is in by its name.
func IsTOML(file string) bool { return strings.EqualFold(filepath.Ext(file), ".toml") }

// decodeTOML is Decode for TOML; paths in it are relative to dir.
func decodeTOML(file string, text []byte, into reflect.Value, dir string) *Document {
	p := &Document{file: file, lines: keyLines(string(text))}
	var tree map[string]any
	if _, err := toml.Decode(string(text), &tree); err != nil {
		p.syntax(err, text)
	} else {
		(&decoder{dir: dir, report: p.Fault}).table(tree, into, "")
	}
	p.decoded = len(p.faults)
	return p
}

// Fault adds a fault of a key.
func (p *Document) Fault(key, msg string) {
	if variable, ok := p.env[key]; ok {
		p.Add(Fault{Key: variable, Msg: msg})
		return
	}
	p.Add(Fault{File: p.file, Line: p.Line(key), Key: key, Msg: msg})
}

// Broken tells whether not even the syntax is right: nothing was decoded.
func (p *Document) Broken() bool { return p.broken }

// Lines are the lines of all keys, by their path, counted from 1.
func (p *Document) Lines() map[string]int { return p.lines }

// Line finds the key, or else the nearest table around it that is in the file:
// a missing key is reported where it belongs.
func (p *Document) Line(key string) int {
	for key != "" {
		if n := p.lines[key]; n > 0 {
			return n
		}
		if cut := strings.LastIndexAny(key, ".["); cut >= 0 {
			key = key[:cut]
		} else {
			return 0
		}
	}
	return 0
}

func (p *Document) syntax(err error, text []byte) {
	p.broken = true
	var parse toml.ParseError
	if errors.As(err, &parse) {
		// The library's own line is the next one when it trips over a line's end,
		// and its offset may lie before the text.
		line := 1 + bytes.Count(text[:max(0, min(parse.Position.Start, len(text)))], []byte("\n"))
		p.Add(Fault{File: p.file, Line: line, Msg: "syntax: " + parse.Message})
		return
	}
	p.Add(Fault{File: p.file, Msg: "syntax: " + err.Error()})
}

// Invalid adds what a validation found, each "key: what is wrong, what to do". A key
// that could not be decoded still has its default; what is derived from that is no
// fault of the author's.
func (p *Document) Invalid(found []error) {
	for _, err := range found {
		key, msg, ok := strings.Cut(err.Error(), ": ")
		if !ok {
			key, msg = "", err.Error()
		}
		if !slices.ContainsFunc(p.faults[:p.decoded], func(f Fault) bool { return f.Key == key }) {
			p.Fault(key, msg)
		}
	}
}

// Add adds faults of this file or of others that it names.
func (p *Document) Add(faults ...Fault) { p.faults = append(p.faults, faults...) }

// Faults are all there are so far: of the file itself first, in its order, then of
// those that it names.
func (p *Document) Faults() []Fault {
	slices.SortStableFunc(p.faults, func(a, b Fault) int {
		other := func(f Fault) string {
			if f.File == p.file {
				return ""
			}
			return f.File
		}
		return cmp.Or(strings.Compare(other(a), other(b)), a.Line-b.Line)
	})
	return p.faults
}
