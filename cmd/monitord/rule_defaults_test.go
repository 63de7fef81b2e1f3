package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"monitord/alerts"
	"monitord/alerts/defaults"
	"monitord/alerts/hooks"
	"monitord/alerts/trial"
	"monitord/cmd/monitord/config"
)

// The unit tests beside the rules pass, and each rule has one in which it fires and
// one in which it does not.
func TestDefaultRulesAsTheirTestsSay(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../alerts/defaults/*_test.toml")
	if err != nil {
		t.Fatal(err)
	}
	fires, quiet := make(map[string]bool), make(map[string]bool)
	for _, file := range files {
		f, faults := loadTestFile(file)
		if len(faults) > 0 {
			t.Error(faults)
			continue
		}
		for i, test := range f.Tests {
			failures, err := f.Run(t.Context(), i, askedFor(test, f.groups))
			if err != nil {
				t.Errorf("%s: %s: %v", file, test.Name, err)
			}
			for _, failure := range failures {
				t.Errorf("%s: %s: %s\n%s", file, failure.Test, failure.What, failure.Text)
			}
			fired := make(map[string]bool)
			for _, a := range test.AlertRuleTest {
				if fired[a.Alertname] = fired[a.Alertname] || len(a.ExpAlerts) > 0; fired[a.Alertname] {
					fires[a.Alertname] = true
				}
			}
			for name, did := range fired {
				quiet[name] = quiet[name] || !did
			}
		}
	}
	rules, _ := config.DefaultRules()
	for _, r := range rules {
		if !fires[r.Name] || !quiet[r.Name] {
			t.Errorf("%s: no test in which it fires, or none in which it never does", r.Name)
		}
	}
}

// askedFor is what a test asks about: the other rules of the file would only take
// time.
func askedFor(test trial.Test, groups []alerts.GroupConfig) []alerts.GroupConfig {
	groups = slices.Clone(groups)
	for i, g := range groups {
		groups[i].Rules = slices.DeleteFunc(slices.Clone(g.Rules), func(r alerts.RuleConfig) bool {
			return !slices.ContainsFunc(test.AlertRuleTest, func(a trial.AlertTest) bool { return a.Alertname == r.Name })
		})
	}
	return groups
}

// TestHooksKnowTheirOwnAlert: what hooks do not count when they give it up is the
// alert that the default rules make of that count.
func TestHooksKnowTheirOwnAlert(t *testing.T) {
	b, err := defaults.Files.ReadFile("monitord.toml")
	if err != nil {
		t.Fatal(err)
	}
	if want := "name = \"" + hooks.GivesUp + "\"\nexpr = 'increase(monitord_hook_given_up_total["; !strings.Contains(string(b), want) {
		t.Errorf("no %q in the default rules", want)
	}
}
