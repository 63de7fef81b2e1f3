package feed

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"monitord/alerts"
	"monitord/history"
	"monitord/history/standing"
)

// Config is what an operator may set: the keys of the table [stream] that concern
// what is streamed. The zero value is not usable; start from [DefaultConfig].
type Config struct {
	// MaxReplay is how many due times a subscription may go back with from. What
	// is further back is a gap; raising it lets one client read more history.
	MaxReplay int `toml:"max_replay"`
	// MaxQueries bounds the distinct standing queries, and likewise the distinct
	// selectors and the distinct matchers. Each costs processor time at every tick.
	MaxQueries int `toml:"max_queries"`
}

// DefaultConfig returns the configuration as shipped.
func DefaultConfig() Config { return Config{MaxReplay: 3600, MaxQueries: 500} }

// Validate returns every fault, each as "key: what is wrong, what to do".
func (c Config) Validate() []error {
	var faults []error
	if c.MaxReplay < 1 || c.MaxReplay > 1_000_000 {
		faults = append(faults, fmt.Errorf("max_replay: is %d, must be from 1 to 1000000", c.MaxReplay))
	}
	if c.MaxQueries < 1 || c.MaxQueries > 100_000 {
		faults = append(faults, fmt.Errorf("max_queries: is %d, must be from 1 to 100000", c.MaxQueries))
	}
	return faults
}

// Options is what a feed stands on.
type Options struct {
	Config
	History  *history.DB
	Standing *standing.Set // with the same interval and MaxQueries
	Alerts   *alerts.Log

	Interval  time.Duration // of the ticks
	Retention time.Duration // of the history; 0: not known
	Instance  string
	Version   string
	// MaxSubscriptions is the engine's bound, for the message that names it.
	MaxSubscriptions int

	Log *slog.Logger // nil: nothing is logged
}

func (o *Options) check() error {
	switch {
	case o.History == nil || o.Standing == nil || o.Alerts == nil:
		return errors.New("feed: history, standing queries and alerts must be given")
	case o.Interval < time.Millisecond:
		return fmt.Errorf("feed: the interval is %s, must be a millisecond at least", o.Interval)
	}
	return errors.Join(o.Validate()...)
}
