package config

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"monitord/alerts"
	"monitord/alerts/promrules"
)

// Bounds of what rule files may hold together.
const (
	maxRuleFiles    = 1000
	maxRuleFileSize = 4 << 20
	maxRules        = 10000
)

// LoadRules reads a rule file: TOML, or what Prometheus takes by its ending.
// Its rules are decoded and not yet compiled.
func LoadRules(path string) ([]alerts.GroupConfig, []Fault) {
	text, err := ReadFile(path, maxRuleFileSize)
	if err != nil {
		return nil, []Fault{{File: path, Msg: fmt.Sprintf("cannot be read (%v), correct the path or its permissions", err)}}
	}
	return parseRules(path, text)
}

// parseRules is LoadRules for a text that is at hand.
func parseRules(path string, text []byte) ([]alerts.GroupConfig, []Fault) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".toml":
		return parseRulesTOML(path, text)
	case ".yml", ".yaml", ".json":
		return promrules.Parse(path, text)
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
	var tables ruleTables
	p := decodeTOML(path, text, reflect.ValueOf(&tables).Elem(), "")
	group := alerts.GroupConfig{Name: filepath.Base(path), File: path, Lines: p.lines, Rules: tables.Rules}
	if len(tables.Alerts.Rules) > 0 {
		if len(tables.Rules) > 0 {
			p.Fault("alerts.rules", "stands beside [[rules]], write all of them as [[rules]]")
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
func (p *Document) rules(c *Config, dir string) {
	c.Alerts.Groups = nil
	if len(c.Alerts.Rules) > 0 {
		name := "monitord.toml"
		if p.file != "" {
			name = filepath.Base(p.file)
		}
		c.Alerts.Groups = []alerts.GroupConfig{{Name: name, File: p.file, Path: "alerts", Lines: p.lines, Rules: c.Alerts.Rules}}
	}
	n := len(c.Alerts.Rules)
	for _, file := range findRuleFiles(c.Alerts.RuleFiles, dir, p.Fault) {
		groups, faults := LoadRules(file)
		p.faults = append(p.faults, faults...)
		c.Alerts.Groups = append(c.Alerts.Groups, groups...)
		for _, g := range groups {
			n += len(g.Rules)
		}
	}
	if n > maxRules {
		p.Fault("alerts.rule_files", fmt.Sprintf("lead to %d rules, must be at most %d", n, maxRules))
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
		found, err := Expand(pattern, dir)
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
