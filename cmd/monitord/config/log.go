package config

import (
	"fmt"
	"log/slog"
)

// Log says what the daemon writes about itself, on standard error.
type Log struct {
	Level  string `toml:"level"`  // debug, info, warn, error
	Format string `toml:"format"` // text, json
}

// Validate returns every fault.
func (c Log) Validate() []error {
	var faults []error
	if _, err := c.SlogLevel(); err != nil {
		faults = append(faults, fmt.Errorf("level: is %q, write debug, info, warn or error", c.Level))
	}
	if c.Format != "text" && c.Format != "json" {
		faults = append(faults, fmt.Errorf("format: is %q, write text or json", c.Format))
	}
	return faults
}

// SlogLevel is the level as the log takes it.
func (c Log) SlogLevel() (slog.Level, error) {
	var l slog.Level
	switch c.Level {
	case "debug", "info", "warn", "error":
	default:
		return l, fmt.Errorf("unknown level %q", c.Level)
	}
	return l, l.UnmarshalText([]byte(c.Level))
}
