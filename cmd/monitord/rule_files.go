package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"monitord/alerts"
)

// Bounds of what rule files may hold together.
const (
	maxRuleFiles    = 1000
	maxRuleFileSize = 4 << 20
	maxRules        = 10000
)

// loadRuleFile reads a rule file: TOML, or what Prometheus takes by its ending.
// Its rules are decoded and not yet compiled.
func loadRuleFile(path string) ([]alerts.GroupConfig, []Fault) {
	text, err := readBounded(path, maxRuleFileSize)
	if err != nil {
		return nil, []Fault{{File: path, Msg: fmt.Sprintf("cannot be read (%v), correct the path or its permissions", err)}}
	}
	return parseRuleFile(path, text)
}

// parseRuleFile is loadRuleFile for a text that is at hand.
func parseRuleFile(path string, text []byte) ([]alerts.GroupConfig, []Fault) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".toml":
		return parseRulesTOML(path, text)
	case ".yml", ".yaml", ".json":
		return alerts.ParsePrometheus(path, text)
	}
	return nil, []Fault{{File: path, Msg: "is no rule file by its ending, name it .toml, or .yml, .yaml or .json if it is in Prometheus' format"}}
}

// ruleTables is a rule file in TOML. Rules may be moved into it as they stand in
// monitord.toml.
type ruleTables struct {
	Rules  []alerts.RuleConfig `toml:"rules"`
	Alerts struct {
		Rules []alerts.RuleConfig `toml:"rules"`
	} `toml:"alerts"`
}

func parseRulesTOML(path string, text []byte) ([]alerts.GroupConfig, []Fault) {
	p := &configParser{file: path, lines: keyLines(string(text))}
	var doc map[string]any
	if _, err := toml.Decode(string(text), &doc); err != nil {
		p.syntax(err, text)
		return nil, p.faults
	}
	var tables ruleTables
	d := &decoder{report: p.fault}
	d.table(doc, reflect.ValueOf(&tables).Elem(), "")
	group := alerts.GroupConfig{Name: filepath.Base(path), File: path, Lines: p.lines, Rules: tables.Rules}
	if len(tables.Alerts.Rules) > 0 {
		if len(tables.Rules) > 0 {
			p.fault("alerts.rules", "stands beside [[rules]], write all of them as [[rules]]")
		}
		group.Rules, group.Path = tables.Alerts.Rules, "alerts"
	}
	if len(group.Rules) == 0 {
		return nil, p.faults
	}
	return []alerts.GroupConfig{group}, p.faults
}

// rules gathers the groups of rules: the configuration's own, those of the rule
// files in order, then the default ones.
func (p *configParser) rules(c *Config, dir string) {
	c.Alerts.Groups = nil
	if len(c.Alerts.Rules) > 0 {
		name := "monitord.toml"
		if p.file != "" {
			name = filepath.Base(p.file)
		}
		c.Alerts.Groups = []alerts.GroupConfig{{Name: name, File: p.file, Path: "alerts", Lines: p.lines, Rules: c.Alerts.Rules}}
	}
	n := len(c.Alerts.Rules)
	for _, file := range findRuleFiles(c.Alerts.RuleFiles, dir, p.fault) {
		groups, faults := loadRuleFile(file)
		p.faults = append(p.faults, faults...)
		c.Alerts.Groups = append(c.Alerts.Groups, groups...)
		for _, g := range groups {
			n += len(g.Rules)
		}
	}
	if n > maxRules {
		p.fault("alerts.rule_files", fmt.Sprintf("lead to %d rules, must be at most %d", n, maxRules))
		c.Alerts.Groups = nil
	}
	p.addDefaultRules(c)
}

// ruleFaults compiles the rules of a configuration and returns every fault.
func ruleFaults(c *Config) []Fault {
	_, faults := alerts.Compile(c.Alerts.Groups, c.Collectors.Interval)
	known, beats := make(map[string]bool), make(map[string]bool)
	for _, h := range c.Alerts.Hooks {
		known[h.Name], beats[h.Name] = true, h.Heartbeat > 0
	}
	for _, g := range c.Alerts.Groups {
		for i, r := range g.Rules {
			for _, h := range r.Hooks {
				key := indexed("rules", i) + ".hooks"
				if beats[h] {
					faults = append(faults, g.Fault(key, fmt.Sprintf("the hook %q sends heartbeats and is told of no alerts, name another", h)))
				}
				if h != "" && !known[h] {
					faults = append(faults, g.Fault(key, fmt.Sprintf("there is no hook %q, add it as [[alerts.hooks]] or take it out", h)))
				}
			}
		}
	}
	return faults
}

// findRuleFiles returns the files that patterns mean, in order and each once.
// Patterns are relative to dir. One without a wildcard must name a file.
func findRuleFiles(patterns []string, dir string, fault func(key, msg string)) []string {
	var all []string
	for i, pattern := range patterns {
		key := indexed("alerts.rule_files", i)
		found, err := expandPattern(pattern, dir)
		if err != nil {
			fault(key, err.Error())
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > maxRuleFiles {
		fault("alerts.rule_files", fmt.Sprintf("are %d files, must be at most %d", len(all), maxRuleFiles))
		return nil
	}
	return all
}

func expandPattern(pattern, dir string) ([]string, error) {
	if pattern == "" {
		return nil, errors.New("is empty, write a file or a pattern such as rules.d/*.toml")
	}
	below := !filepath.IsAbs(pattern) && dir != ""
	if !strings.ContainsAny(pattern, `*?[`) {
		if below {
			pattern = filepath.Join(dir, pattern)
		}
		if _, err := os.Stat(pattern); err != nil {
			return nil, fmt.Errorf("is %q, which cannot be read (%w), correct the path or take it out", pattern, errorOf(err))
		}
		return []string{filepath.Clean(pattern)}, nil
	}
	if below {
		pattern = filepath.Join(escapePattern(dir), pattern)
	}
	found, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("is %q, which is no pattern, write one such as rules.d/*.toml", pattern)
	}
	// Glob takes a directory that it may not read for an empty one.
	base := pattern[:strings.IndexAny(pattern, `*?[\`)]
	if _, err := os.ReadDir(filepath.Dir(base + "x")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("is %q, whose directory cannot be read (%w), correct its permissions", pattern, errorOf(err))
	}
	return found, nil
}

// errorOf is what went wrong, without the path.
func errorOf(err error) error {
	var because *fs.PathError
	if errors.As(err, &because) {
		return because.Err
	}
	return err
}

// escapePattern makes a pattern that matches a path and nothing else.
func escapePattern(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
