package config

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"monitord/alerts"
	"monitord/alerts/defaults"
)

// defaultGroup is the name of the group of default rules.
const defaultGroup = "default"

// DefaultRules decodes the default rules, all of them. Faults are ours; a test
// holds that there are none.
func DefaultRules() ([]alerts.RuleConfig, []Fault) {
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
		groups, doc := parseRulesTOML(name, text)
		faults = append(faults, doc.faults...)
		for _, g := range groups {
			rules = append(rules, g.Rules...)
		}
	}
	return rules, faults
}

// addDefaultRules puts the group of default rules behind those of the user, but
// for the ones that are switched off, and those that the user has a rule of the
// same name for.
func (p *Document) addDefaultRules(c *Config, interval time.Duration) {
	rules, faults := DefaultRules()
	p.faults = append(p.faults, faults...)
	known := make(map[string][]int)
	for _, r := range rules {
		known[r.Name] = nil
	}
	for i, name := range c.Alerts.DisableRules {
		if _, ok := known[name]; !ok {
			_, hint := suggestion(name, known)
			p.Fault(indexed("alerts.disable_rules", i), fmt.Sprintf("%q is no default rule%s", name, hint))
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
		rules[i].Every = max(rules[i].Every, interval)
	}
	if len(rules) > 0 {
		c.Alerts.Groups = append(c.Alerts.Groups, alerts.GroupConfig{Name: defaultGroup, Rules: rules})
	}
}

// writeDefaultRules prints the default rules in force as they are written, in
// comments, from where they can be copied into a rule file.
func writeDefaultRules(b *strings.Builder, c *Config) error {
	i := slices.IndexFunc(c.Alerts.Groups, func(g alerts.GroupConfig) bool { return g.Name == defaultGroup && g.File == "" })
	if i < 0 {
		return nil
	}
	b.WriteString("\n# The default rules in force. To replace one, copy it into a file of alerts.rule_files,\n# without the comment signs and under its name, and change it there.\n")
	names, err := fs.Glob(defaults.Files, "*.toml")
	if err != nil {
		return err
	}
	for _, name := range names {
		text, err := fs.ReadFile(defaults.Files, name)
		if err != nil {
			return err
		}
		for _, r := range c.Alerts.Groups[i].Rules {
			if one, ok := ruleText(string(text), r.Name); ok {
				b.WriteString("#\n")
				for line := range strings.Lines(one) {
					b.WriteString("#" + line)
				}
			}
		}
	}
	return nil
}

// ruleText is the table of one rule as it is written in a rule file.
func ruleText(text, name string) (string, bool) {
	const begin = "[[rules]]\n"
	_, rest, ok := strings.Cut(text, begin+"name = \""+name+"\"\n")
	if !ok {
		return "", false
	}
	one, _, _ := strings.Cut(rest, "\n\n") // no default rule has an empty line
	return begin + "name = \"" + name + "\"\n" + strings.TrimRight(one, "\n") + "\n", true
}
