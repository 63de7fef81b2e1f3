package config

import (
	"bytes"
	"cmp"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// A Document is one text in TOML or YAML: it knows on which line of its file each
// key stands, and collects what is wrong with them. It is not safe for concurrent use.
type Document struct {
	file   string
	lines  map[string]int
	faults []Fault
	broken bool              // not even the syntax is right
	spoilt map[place]bool    // keys that could not be decoded, or are missing because of a typo
	given  map[string]string // path of a key → variable or flag that set it
}

// A place is a key of a file.
type place struct{ file, key string }

// Decode moves a text onto the struct that into points to, over what is there, by
// its `toml:"key"` tags. It is TOML if the name of its file says so, else YAML. What
// could not be decoded is among the document's faults.
func Decode(file string, text []byte, into any) *Document {
	v := reflect.ValueOf(into).Elem()
	if IsTOML(file) {
		return decodeTOML(file, text, v, "")
	}
	p := newDocument(file)
	var tree map[string]any
	var err error
	if tree, p.lines, err = yamlDocument(bytes.TrimPrefix(text, []byte("\ufeff")), v.Type()); err != nil {
		p.broken = true
		p.Add(yamlFault(file, err))
	} else {
		(&decoder{doc: p}).table(tree, v, "")
	}
	return p
}

func newDocument(file string) *Document {
	return &Document{file: file, spoilt: make(map[place]bool), given: make(map[string]string)}
}

// IsTOML tells what a file is in by its name.
func IsTOML(file string) bool { return strings.EqualFold(filepath.Ext(file), ".toml") }

// decodeTOML is Decode for TOML; paths in it are relative to dir.
func decodeTOML(file string, text []byte, into reflect.Value, dir string) *Document {
	p := newDocument(file)
	p.lines = keyLines(string(text))
	var tree map[string]any
	if _, err := toml.Decode(string(text), &tree); err != nil {
		p.syntax(err, text)
	} else {
		(&decoder{dir: dir, doc: p}).table(tree, into, "")
	}
	return p
}

// Fault adds a fault of a key.
func (p *Document) Fault(key, msg string) {
	for at, ok := key, true; ok; at, ok = above(at) {
		if by := p.given[at]; by != "" {
			p.Add(Fault{Key: by, Msg: msg})
			return
		}
	}
	p.Add(Fault{File: p.file, Line: p.Line(key), Key: key, Msg: msg})
}

// spoil adds a fault of a key that could not be decoded.
func (p *Document) spoil(key, msg string) {
	p.spoilt[place{p.file, key}] = true
	p.Fault(key, msg)
}

// follows tells whether what is wrong with a key follows from what is known: it, or
// what it is part of, still has its default.
func (p *Document) follows(file, key string) bool {
	for at, ok := key, true; ok; at, ok = above(at) {
		if p.spoilt[place{file, at}] {
			return true
		}
	}
	return false
}

// above is what a key is part of: rules[2].expr of rules[2], that of rules.
func above(key string) (string, bool) {
	cut := strings.LastIndexAny(key, ".[")
	return key[:max(cut, 0)], cut > 0
}

// Broken tells whether not even the syntax is right: nothing was decoded.
func (p *Document) Broken() bool { return p.broken }

// Lines are the lines of all keys, by their path, counted from 1.
func (p *Document) Lines() map[string]int { return p.lines }

// Line finds the key, or else the nearest table around it that is in the file:
// a missing key is reported where it belongs.
func (p *Document) Line(key string) int {
	for at, ok := key, true; ok; at, ok = above(at) {
		if n := p.lines[at]; n > 0 {
			return n
		}
	}
	return 0
}

// Invalid adds what a validation found, each "key: what is wrong, what to do", but
// for what follows from faults that are known.
func (p *Document) Invalid(found []error) {
	for _, err := range found {
		key, msg, ok := strings.Cut(err.Error(), ": ")
		if !ok {
			key, msg = "", err.Error()
		}
		if !p.follows(p.file, key) {
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
