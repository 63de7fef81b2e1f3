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
	// MaxQueriesPerAddress bounds the distinct queries, selectors and matchers that were
	// first asked for from one address and are still followed. Loopback and Unix
	// sockets are exempt.
	MaxQueriesPerAddress int `toml:"max_queries_per_address"`
	// MaxQueryTime bounds one evaluation of a standing query. Half an interval is
	// the most in any case.
	MaxQueryTime time.Duration `toml:"max_query_time"`
	// MaxQuerySamples bounds the samples that one evaluation holds at once, at 16
	// bytes each.
	MaxQuerySamples int `toml:"max_query_samples"`
	// MaxQuerySeries bounds the series in one result; all results together may
	// have fifty times as many.
	MaxQuerySeries int `toml:"max_query_series"`
}

// Standing returns the bounds of the standing queries at an interval of ticks.
func (c Config) Standing(interval time.Duration) standing.Config {
	return standing.Config{
		Interval: interval, MaxQueries: c.MaxQueries, Timeout: min(c.MaxQueryTime, interval/2),
		MaxSamples: c.MaxQuerySamples, MaxColumns: c.MaxQuerySeries,
	}
}

// DefaultConfig returns the configuration as shipped.
func DefaultConfig() Config {
	return Config{
		MaxReplay: 3600, MaxQueries: 500, MaxQueriesPerAddress: 250,
		MaxQueryTime: 250 * time.Millisecond, MaxQuerySamples: 500_000, MaxQuerySeries: 2000,
	}
}

// Validate returns every fault, each as "key: what is wrong, what to do".
func (c Config) Validate() []error {
	var faults []error
	number := func(key string, v, high int) {
		if v < 1 || v > high {
			faults = append(faults, fmt.Errorf("%s: is %d, must be from 1 to %d", key, v, high))
		}
	}
	number("max_replay", c.MaxReplay, 1_000_000)
	number("max_queries", c.MaxQueries, 100_000)
	number("max_queries_per_address", c.MaxQueriesPerAddress, 100_000)
	if c.MaxQueryTime < time.Millisecond || c.MaxQueryTime > 10*time.Second {
		faults = append(faults, fmt.Errorf("max_query_time: is %v, must be from 1ms to 10s", c.MaxQueryTime))
	}
	number("max_query_samples", c.MaxQuerySamples, 100_000_000)
	number("max_query_series", c.MaxQuerySeries, 1_000_000)
	return faults
}

// Options is what a feed stands on.
type Options struct {
	Config
	History  *history.DB
	Standing *standing.Set // with what Config.Standing returns
	Alerts   *alerts.Log

	// Stale says of an active alert that a collector that its rule's expression
	// selects from fails; nil: nobody knows.
	Stale func(rule, fingerprint string) bool

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
