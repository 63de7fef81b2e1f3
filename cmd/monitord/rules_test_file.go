package main

import (
	"bytes"
	"fmt"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"monitord/alerts"
	"monitord/alerts/trial"
)

// maxTestFileSize bounds what is read of a file of unit tests.
const maxTestFileSize = 16 << 20

// A testFile is a file of unit tests with the rules that it is about.
type testFile struct {
	trial.File
	path     string
	groups   []alerts.GroupConfig
	lines    map[string]int
	warnings []string
}

// loadTestFile reads a file of unit tests, in promtool's YAML or with the same
// keys in TOML, and the rule files that it names.
func loadTestFile(path string) (*testFile, []Fault) {
	text, err := readBounded(path, maxTestFileSize)
	if err != nil {
		return nil, []Fault{{File: path, Msg: fmt.Sprintf("cannot be read (%v), correct the path or its permissions", err)}}
	}
	f, p := parseTestFile(path, text)
	if len(p.faults) > 0 {
		return nil, inOrder(p)
	}
	for i, pattern := range f.RuleFiles {
		found, err := expandPattern(pattern, filepath.Dir(path))
		if err != nil {
			p.fault(indexed("rule_files", i), err.Error())
		} else if len(found) == 0 {
			f.warnings = append(f.warnings, fmt.Sprintf("%s: no file matches %q", path, pattern))
		}
		for _, name := range found {
			groups, faults := loadRuleFile(name)
			p.faults = append(p.faults, faults...)
			f.groups = append(f.groups, groups...)
		}
	}
	if len(f.Rules) > 0 {
		f.groups = append(f.groups, alerts.GroupConfig{Name: filepath.Base(path), File: path, Lines: f.lines, Rules: f.Rules})
	}
	if len(p.faults) == 0 {
		for _, fault := range f.Compile(f.groups) {
			p.faults = append(p.faults, Fault(fault))
		}
	}
	return f, inOrder(p)
}

// inOrder returns the parser's faults, those of the file itself first.
func inOrder(p *configParser) []Fault {
	_ = p.err() // sorts them
	return p.faults
}

// parseTestFile reads the text of a file of unit tests and holds it against what
// is allowed. The parser has the faults.
func parseTestFile(path string, text []byte) (*testFile, *configParser) {
	f := &testFile{path: path}
	p := &configParser{file: path}
	into := reflect.ValueOf(&f.File).Elem()
	isTOML := strings.EqualFold(filepath.Ext(path), ".toml")
	var doc map[string]any
	if isTOML {
		p.lines = keyLines(string(text))
		if _, err := toml.Decode(string(text), &doc); err != nil {
			p.syntax(err, text)
			return f, p
		}
	} else {
		var err error
		if doc, p.lines, err = yamlDocument(bytes.TrimPrefix(text, []byte("\ufeff")), into.Type()); err != nil {
			p.faults = append(p.faults, yamlFault(path, err))
			return f, p
		}
	}
	f.lines = p.lines
	(&decoder{report: p.fault}).table(doc, into, "")
	if len(f.Rules) > 0 && !isTOML {
		p.fault("rules", "may stand in a test file in TOML only, move them to a file that rule_files names")
	}
	decoded := len(p.faults)
	for _, err := range f.Validate() {
		key, msg, _ := strings.Cut(err.Error(), ": ")
		if !p.reported(key, decoded) {
			p.fault(key, msg)
		}
	}
	return f, p
}

var yamlLine = regexp.MustCompile(`^yaml: (?:unmarshal errors:\n  )?(?:line ([0-9]+): )?`)

// yamlFault makes a fault of an error of the YAML library, which begins with its
// line if there is one.
func yamlFault(path string, err error) Fault {
	text := err.Error()
	f := Fault{File: path, Msg: "syntax: " + text}
	if found := yamlLine.FindStringSubmatch(text); found != nil {
		f.Line, _ = strconv.Atoi(found[1])
		f.Msg = "syntax: " + text[len(found[0]):]
	}
	return f
}
