package config

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"time"

	"monitord/alerts"
	"monitord/alerts/promrules"
)

// Bounds of rule files: of one, and of all together.
const (
	maxRuleFileSize = 4 << 20
	maxRuleFiles    = 1000
	maxRuleBytes    = 32 << 20
	maxRules        = 10000
)

// LoadRules reads a rule file: TOML, or what Prometheus takes by its ending.
// Its rules are decoded and not yet compiled.
func LoadRules(path string) ([]alerts.GroupConfig, []Fault) {
	groups, doc := loadRules(path)
	return groups, doc.faults
}

func loadRules(path string) ([]alerts.GroupConfig, *Document) {
	text, err := ReadFile(path, maxRuleFileSize)
	doc := newDocument(path)
	if err != nil {
		doc.Add(unread(path, err))
		return nil, doc
	}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".toml":
		return parseRulesTOML(path, text)
	case ".yml", ".yaml", ".json":
		groups, faults := promrules.Parse(path, text)
		if line := secondDocument(text); line > 0 && len(faults) == 0 {
			doc.Add(Fault{File: path, Line: line, Msg: "begins a second document, which Prometheus would not read: move it to a file of its own"})
		}
		for _, f := range faults {
			f.Msg = advised(f.Msg)
			doc.Add(f)
		}
		return groups, doc
	}
	doc.Add(Fault{File: path, Msg: "is no rule file by its ending, name it .toml, or .yml, .yaml or .json if it is in Prometheus' format"})
	return nil, doc
}

// ruleTables is a rule file in TOML. Rules may be moved into it as they stand in
// monitord.toml.
type ruleTables struct {
	Rules  []alerts.RuleConfig `toml:"rules"`
	Alerts struct {
		Rules []alerts.RuleConfig `toml:"rules"`
	} `toml:"alerts"`
}

func parseRulesTOML(path string, text []byte) ([]alerts.GroupConfig, *Document) {
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
		return nil, p
	}
	return []alerts.GroupConfig{group}, p
}

// rules gathers the groups of rules: the configuration's own, those of the rule
// files in order, then the default ones.
func (p *Document) rules(c *Config, dir string, interval time.Duration) {
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
		groups, doc := loadRules(file)
		p.Add(doc.faults...)
		maps.Copy(p.spoilt, doc.spoilt)
		c.Alerts.Groups = append(c.Alerts.Groups, groups...)
		for _, g := range groups {
			n += len(g.Rules)
		}
		if n > maxRules { // what follows is not even decoded
			p.Fault("alerts.rule_files", fmt.Sprintf("lead to more than %d rules (%s is too much), take some away", maxRules, file))
			c.Alerts.Groups = nil
			break
		}
	}
	if len(c.Alerts.Rules) > maxRules {
		p.Fault("alerts.rules", fmt.Sprintf("are %d, must be at most %d", len(c.Alerts.Rules), maxRules))
		c.Alerts.Groups = nil
	}
	p.addDefaultRules(c, interval)
}

// ruleFaults compiles the rules of a configuration and returns every fault.
func ruleFaults(c *Config, interval time.Duration) []Fault {
	_, faults := alerts.Compile(c.Alerts.Groups, interval)
	known, beats := make(map[string]bool), make(map[string]bool)
	for _, h := range c.Alerts.Hooks {
		known[h.Name], beats[h.Name] = true, h.Heartbeat > 0
	}
	for _, g := range c.Alerts.Groups {
		for i, r := range g.Rules {
			for j, h := range r.Hooks {
				key := indexed(indexed("rules", i)+".hooks", j)
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

// findRuleFiles returns the files that patterns mean, in order and each once, or none
// if they are too many. Patterns are relative to dir.
func findRuleFiles(patterns []string, dir string, fault func(key, msg string)) []string {
	var all []string
	for i, pattern := range patterns {
		found, err := Expand(pattern, dir)
		if err != nil {
			fault(indexed("alerts.rule_files", i), err.Error())
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if len(all) > maxRuleFiles {
		fault("alerts.rule_files", fmt.Sprintf("are %d files, must be at most %d: join some, or name fewer", len(all), maxRuleFiles))
		return nil
	}
	var size int64
	for _, file := range all {
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() { // else it is a fault when it is read
			size += min(info.Size(), maxRuleFileSize)
		}
	}
	if size > maxRuleBytes {
		fault("alerts.rule_files", fmt.Sprintf("have %d MiB in all, must have at most %d MiB: name fewer", (size+1<<20-1)>>20, maxRuleBytes>>20))
		return nil
	}
	return all
}
