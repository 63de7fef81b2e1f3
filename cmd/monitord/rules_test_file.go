package main

import (
	"fmt"
	"path/filepath"

	"monitord/alerts"
	"monitord/alerts/trial"
	"monitord/cmd/monitord/config"
)

// maxTestFileSize bounds what is read of a file of unit tests.
const maxTestFileSize = 16 << 20

// A testFile is a file of unit tests with the rules that it is about.
type testFile struct {
	trial.File
	path     string
	groups   []alerts.GroupConfig
	doc      *config.Document
	warnings []string
}

// loadTestFile reads a file of unit tests, in promtool's YAML or with the same
// keys in TOML, and the rule files that it names.
func loadTestFile(path string) (*testFile, []config.Fault) {
	text, err := config.ReadFile(path, maxTestFileSize)
	if err != nil {
		return nil, []config.Fault{{File: path, Msg: fmt.Sprintf("cannot be read (%v), correct the path, the file or its permissions", err)}}
	}
	f := parseTestFile(path, text)
	if faults := f.doc.Faults(); len(faults) > 0 {
		return nil, faults
	}
	for i, pattern := range f.RuleFiles {
		found, err := config.Expand(pattern, filepath.Dir(path))
		if err != nil {
			f.doc.Fault(fmt.Sprintf("rule_files[%d]", i), err.Error())
		} else if len(found) == 0 {
			f.warnings = append(f.warnings, fmt.Sprintf("%s: no file matches %q", path, pattern))
		}
		for _, name := range found {
			groups, faults := config.LoadRules(name)
			f.doc.Add(faults...)
			f.groups = append(f.groups, groups...)
		}
	}
	if len(f.Rules) > 0 {
		f.groups = append(f.groups, alerts.GroupConfig{Name: filepath.Base(path), File: path, Lines: f.doc.Lines(), Rules: f.Rules})
	}
	if len(f.doc.Faults()) == 0 {
		f.doc.Add(f.Compile(f.groups)...)
	}
	return f, f.doc.Faults()
}

// parseTestFile reads the text of a file of unit tests and holds it against what
// is allowed. Its document has the faults.
func parseTestFile(path string, text []byte) *testFile {
	f := &testFile{path: path}
	f.doc = config.Decode(path, text, &f.File)
	if f.doc.Broken() {
		return f
	}
	if len(f.Tests) == 0 && f.doc.Line("groups") > 0 {
		f.doc.Fault("groups", "are rules, and this command runs tests of rules: write a file with tests, and name this one in its rule_files")
	}
	if len(f.Rules) > 0 && !config.IsTOML(path) {
		f.doc.Fault("rules", "may stand in a test file in TOML only, move them to a file that rule_files names")
	}
	f.doc.Invalid(f.Validate())
	return f
}
