package main

import (
	"testing"
)

// FuzzTestFile: no file of unit tests, in YAML or TOML, makes its reader panic, and
// every fault has a text.
func FuzzTestFile(f *testing.F) {
	f.Add(diskRules+diskTests, true)
	f.Add("tests:\n- interval: 1m\n  input_series: [{series: up, values: 0+1x3}]\n  alert_rule_test: [{alertname: A, eval_time: 1}]\n", false)
	f.Add("tests: &a [{<<: *a}]\n", false)
	f.Add("? {a: b}\n: [*c]\n---\nnull", false)
	f.Fuzz(func(t *testing.T, text string, isTOML bool) {
		name := "t.yml"
		if isTOML {
			name = "t.toml"
		}
		for _, fault := range parseTestFile(name, []byte(text)).doc.Faults() {
			if fault.Msg == "" {
				t.Errorf("a fault without a text: %+v", fault)
			}
		}
	})
}
