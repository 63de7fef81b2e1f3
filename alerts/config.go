package alerts

import (
	"fmt"
	"time"

	"monitord/alerts/silence"
)

// Config is the part of the table [alerts] that this package reads. The rules
// are held against the rest by [Compile], which reports their faults.
type Config struct {
	// Keep is how long the journal keeps events. Raising it costs disk, up to
	// MaxJournal.
	Keep time.Duration `toml:"keep"`
	// MaxJournal is the most bytes the journal takes on disk. The oldest events
	// go first; what is pending or firing is never forgotten.
	MaxJournal int64 `toml:"max_journal" unit:"bytes"`

	// RuleFiles are patterns of files with more rules: *.toml, and *.yml, *.yaml and
	// *.json in Prometheus' format. Reading them is up to the program.
	RuleFiles []string `toml:"rule_files"`

	Rules    []RuleConfig     `toml:"rules"`
	Silences []silence.Config `toml:"silences"`
}

// RuleConfig is one rule as it is written down: an alert rule with Name, or a
// recording rule with Record.
type RuleConfig struct {
	Name   string `toml:"name"`   // the alert's name
	Record string `toml:"record"` // the metric that a recording rule writes
	Expr   string `toml:"expr"`   // PromQL
	// Every is how often the rule is evaluated; 0: each tick for an expression
	// without a range, else a sixtieth of its longest range between 1 s and 1 min.
	Every time.Duration `toml:"every"`
	// For is how long the expression must hold before the alert fires.
	For time.Duration `toml:"for"`
	// KeepFiringFor is how long an alert goes on firing after the expression has
	// stopped returning it.
	KeepFiringFor time.Duration `toml:"keep_firing_for"`
	// Clear is PromQL: an alert resolves only when Clear returns the labels that
	// Expr returned it with, metric name aside. Empty: when Expr does not return it.
	Clear string `toml:"clear"`
	// Flap says when an alert comes and goes too often; nil: never.
	Flap *Flap `toml:"flap"`
	// Severity is short for labels.severity.
	Severity    string            `toml:"severity"`
	Labels      map[string]string `toml:"labels"`      // templates in an alert rule
	Annotations map[string]string `toml:"annotations"` // templates
	// Hooks are the hooks that are told: nil means each whose matchers fit,
	// empty means none.
	Hooks []string `toml:"hooks"`
}

// minJournal is eight of the journal's 4 MiB segments: below that it could not
// drop one without dropping much of what it has.
const minJournal = 32 << 20

// DefaultConfig returns the configuration without rules.
func DefaultConfig() Config {
	return Config{
		Keep: 400 * 24 * time.Hour, MaxJournal: 256 << 20,
		RuleFiles: []string{"rules.d/*.toml", "rules.d/*.yml"},
	}
}

// Validate returns every fault, each with its key and what to do; not those of
// the rules.
func (c Config) Validate() []error {
	var faults []error
	if c.Keep < time.Hour {
		faults = append(faults, fmt.Errorf("keep: is %v, must be at least 1h", c.Keep))
	}
	if c.MaxJournal < minJournal {
		faults = append(faults, fmt.Errorf("max_journal: is %d bytes, must be at least 32MiB", c.MaxJournal))
	}
	return append(faults, silence.Check(c.Silences)...)
}
