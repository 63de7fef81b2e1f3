package main

import (
	"strconv"
	"strings"
	"testing"

	"monitord/cmd/monitord/config"
)

// On this host, whatever it has and lacks, every default rule can be evaluated, and
// none of them fires.
func TestDefaultRulesAreQuiet(t *testing.T) {
	t.Parallel()
	d := startDaemon(t, daemonDir(t, "[collectors.filesystem]\ninterval = \"1s\"\n[collectors.network]\nlink_interval = \"1s\"\n"),
		"MONITORD_ALERTS_DEFAULT_RULES=true")
	rules, _ := config.DefaultRules()
	figure := func(name string) float64 { // all of its series together
		_, body := d.get("/metrics")
		sum, found := 0.0, false
		for line := range strings.Lines(body) {
			series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
			if metric, _, _ := strings.Cut(series, "{"); metric != name && series != name {
				continue
			}
			f, err := strconv.ParseFloat(value[strings.LastIndex(value, " ")+1:], 64)
			if err != nil {
				t.Error(err)
			}
			sum, found = sum+f, true
		}
		if !found {
			return -1
		}
		return sum
	}
	eventually(t, "every rule has been evaluated", func() bool {
		return figure("monitord_ticks_total") >= 5 && figure("monitord_rules") > float64(len(rules)) &&
			len(d.query("monitord_rule_evaluations_total > 0", "rule")) >= len(rules)
	})
	if failed := d.query("monitord_rule_evaluation_failures_total > 0", "rule"); len(failed) > 0 {
		t.Errorf("evaluations failed: %v", failed)
	}
	if n := figure(`monitord_alerts{state="firing"}`); n > 0 {
		t.Errorf("%v fire", d.query(`ALERTS{alertstate="firing"}`, "alertname"))
	}
}
