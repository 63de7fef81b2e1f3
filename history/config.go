package history

import (
	"fmt"
	"log/slog"
	"time"
)

// Config is the [history] table of the configuration.
type Config struct {
	Retention time.Duration `toml:"retention"`             // how far back samples are kept; longer takes more disk
	MaxSize   int64         `toml:"max_size" unit:"bytes"` // of everything in the directory; the oldest goes first
}

// DefaultConfig keeps a week, or a gibibyte if that is less.
func DefaultConfig() Config {
	return Config{Retention: 7 * 24 * time.Hour, MaxSize: 1 << 30}
}

// The least that a configuration may ask for: below these the blocks that are
// deleted whole would be most of what there is.
const (
	minRetention = 2 * time.Hour
	minMaxSize   = 64 << 20
)

// Validate returns every fault of the configuration, each as
// "key: what is wrong (value), what to do".
func (c Config) Validate() []error {
	var faults []error
	if c.Retention < minRetention {
		faults = append(faults, fmt.Errorf("retention: is %s, must be at least %s", c.Retention, minRetention))
	}
	if c.MaxSize < minMaxSize {
		faults = append(faults, fmt.Errorf("max_size: is %d bytes, must be at least %d (64MiB)", c.MaxSize, minMaxSize))
	}
	return faults
}

// Options are what [Open] needs to know.
type Options struct {
	Dir string // made if missing; nobody else may use it meanwhile
	Config

	// Lookback is how old the newest sample of a series may be for an instant
	// to see it: three times the longest interval of any collector. Staleness
	// markers end a series at once; this is only the backstop. 0 means
	// [DefaultLookback].
	Lookback time.Duration

	Log *slog.Logger // nil: nothing is logged
}

// DefaultLookback is three times the longest interval of the shipped configuration.
const DefaultLookback = 30 * time.Second
