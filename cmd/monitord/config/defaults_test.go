package config

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"monitord/alerts"
	"monitord/alerts/defaults"
)

// defaultNames are the names of the default rules in force.
func defaultNames(c *Config) []string {
	var names []string
	for _, g := range c.Alerts.Groups {
		if g.Name == defaultGroup {
			for _, r := range g.Rules {
				names = append(names, r.Name)
			}
		}
	}
	return names
}

// Whoever gets an alert is told how bad it is, what it is, and what to do.
func TestDefaultRulesAreWhole(t *testing.T) {
	rules, faults := DefaultRules()
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	_, found := alerts.Compile([]alerts.GroupConfig{{Name: defaultGroup, Rules: rules}}, time.Second)
	for _, f := range found {
		t.Error(f)
	}
	seen := make(map[string]bool)
	for _, r := range rules {
		if seen[r.Name] || r.Name == "" || r.Every < time.Second {
			t.Errorf("%q: twice, without a name, or without every", r.Name)
		}
		seen[r.Name] = true
		if !slices.Contains([]string{"info", "warning", "critical"}, r.Severity) {
			t.Errorf("%s: severity is %q", r.Name, r.Severity)
		}
		for _, key := range []string{"summary", "description"} {
			if !strings.Contains(r.Annotations[key], "$labels.instance") && key == "summary" || len(r.Annotations[key]) < 20 {
				t.Errorf("%s: %s is %q", r.Name, key, r.Annotations[key])
			}
		}
	}
	if len(rules) < 25 {
		t.Errorf("%d rules", len(rules))
	}
}

func TestDefaultRulesAreAllEmbedded(t *testing.T) {
	files, err := filepath.Glob("../../../alerts/defaults/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.toml") {
			continue
		}
		if _, err := defaults.Files.Open(filepath.Base(file)); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(strings.TrimSuffix(file, ".toml") + "_test.toml"); err != nil {
			t.Error(err)
		}
	}
}

func TestDefaultRulesGiveWay(t *testing.T) {
	rules, _ := DefaultRules()
	c, faults := parseText(t, "")
	if faults != nil || len(defaultNames(c)) != len(rules) {
		t.Fatalf("%v, %d of %d in force", faults, len(defaultNames(c)), len(rules))
	}
	none, faults := parseText(t, "[alerts]\ndefault_rules = false\ndisable_rules = [\"DiskFull\"]\n")
	if faults != nil || len(defaultNames(none)) != 0 {
		t.Errorf("%v, %v in force", faults, defaultNames(none))
	}
	if keys := NeedRestart(c, none); len(keys) > 0 {
		t.Errorf("%v need a restart", keys)
	}
	c, faults = parseText(t, `
[collectors]
interval = "20s"
[alerts]
disable_rules = ["ProcessorPressure", "MemoryLow"]
[[alerts.rules]]
name = "DiskFull"
expr = 'node_filesystem_avail_bytes < 1000'
`)
	if faults != nil {
		t.Fatal(faults)
	}
	names := defaultNames(c)
	for _, name := range []string{"ProcessorPressure", "MemoryLow", "DiskFull"} {
		if slices.Contains(names, name) {
			t.Errorf("%s is in force", name)
		}
	}
	if len(names) != len(rules)-3 {
		t.Errorf("%d of %d in force", len(names), len(rules))
	}
	_, faults = parseText(t, "[alerts]\ndisable_rules = [\"DiskFul\",\n\"Whatever is this\"]\n")
	for i, want := range []string{
		`monitord.toml:2: alerts.disable_rules[0]: "DiskFul" is no default rule, did you mean DiskFull?`,
		`alerts.disable_rules[1]: "Whatever is this" is no default rule, take it out`,
	} {
		if len(faults) != 2 || !strings.Contains(faults[i].Error(), want) {
			t.Errorf("%v, want %s", faults, want)
		}
	}
}

// What is printed of the default rules can be copied: it is all of them, and read
// back it is the same.
func TestEffectiveHasTheDefaultRules(t *testing.T) {
	c, faults := parseText(t, "[alerts]\ndisable_rules = [\"MemoryLow\"]\n")
	if faults != nil {
		t.Fatal(faults)
	}
	var b strings.Builder
	if err := c.WriteEffective(&b); err != nil {
		t.Fatal(err)
	}
	_, text, ok := strings.Cut(b.String(), "under its name, and change it there.\n")
	if !ok || strings.Contains(text, "MemoryLow") {
		t.Fatalf("%t, %s", ok, text)
	}
	groups, doc := parseRulesTOML("copy.toml", []byte(strings.ReplaceAll("\n"+text, "\n#", "\n")))
	if faults = doc.faults; faults != nil || len(groups) != 1 || !reflect.DeepEqual(groups[0].Rules, c.Alerts.Groups[len(c.Alerts.Groups)-1].Rules) {
		t.Errorf("%v, %d rules, want the same as %d", faults, len(groups[0].Rules), len(defaultNames(c)))
	}
}
