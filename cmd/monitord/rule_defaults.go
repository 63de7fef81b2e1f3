package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"

	"monitord/alerts"
	"monitord/alerts/defaults"
)

// defaultGroup is the name of the group of default rules.
const defaultGroup = "default"

// defaultRules decodes the default rules, all of them. Faults are ours; a test
// holds that there are none.
func defaultRules() ([]alerts.RuleConfig, []Fault) {
	names, err := fs.Glob(defaults.Files, "*.toml")
	if err != nil {
		return nil, []Fault{{Msg: err.Error()}}
	}
	var rules []alerts.RuleConfig
	var faults []Fault
	for _, name := range names {
		text, err := fs.ReadFile(defaults.Files, name)
		if err != nil {
			faults = append(faults, Fault{File: name, Msg: err.Error()})
			continue
		}
		groups, found := parseRulesTOML(name, text)
		faults = append(faults, found...)
		for _, g := range groups {
			rules = append(rules, g.Rules...)
		}
	}
	return rules, faults
}

// addDefaultRules puts the group of default rules behind those of the user, but
// for the ones that are switched off, and those that the user has a rule of the
// same name for.
func (p *configParser) addDefaultRules(c *Config) {
	rules, faults := defaultRules()
	p.faults = append(p.faults, faults...)
	known := make(map[string][]int)
	for _, r := range rules {
		known[r.Name] = nil
	}
	for i, name := range c.Alerts.DisableRules {
		if _, ok := known[name]; !ok {
			p.fault(indexed("alerts.disable_rules", i), fmt.Sprintf("%q is no default rule%s", name, cmp.Or(suggestion(name, known), ", take it out")))
		}
	}
	if !c.Alerts.DefaultRules {
		return
	}
	own := make(map[string]bool)
	for _, g := range c.Alerts.Groups {
		for _, r := range g.Rules {
			own[r.Name] = true
		}
	}
	rules = slices.DeleteFunc(rules, func(r alerts.RuleConfig) bool {
		return own[r.Name] || slices.Contains(c.Alerts.DisableRules, r.Name)
	})
	for i := range rules {
		rules[i].Every = max(rules[i].Every, c.Collectors.Interval)
	}
	if len(rules) > 0 {
		c.Alerts.Groups = append(c.Alerts.Groups, alerts.GroupConfig{Name: defaultGroup, Rules: rules})
	}
}
