package config

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/common/model"

	"monitord/access"
	"monitord/alerts"
	"monitord/alerts/hooks"
	"monitord/collectors"
	"monitord/history"
	"monitord/stream"
	"monitord/stream/feed"
)

// Config is the whole of monitord.toml. Each part belongs to the package that
// uses it, with its defaults and its validation.
type Config struct {
	// DataDir is where history and journal live. Empty: $STATE_DIRECTORY, which
	// systemd sets, else ./data.
	DataDir string `toml:"data_dir" path:"true"`
	// Instance is this host's name in every series. Empty: the host's own.
	Instance string `toml:"instance"`
	// Labels are on every series, beside instance.
	Labels map[string]string `toml:"labels"`

	Log        Log               `toml:"log"`
	Server     Server            `toml:"server"`
	Stream     Stream            `toml:"stream"`
	Collectors collectors.Config `toml:"collectors"`
	History    history.Config    `toml:"history"`
	Alerts     Alerts            `toml:"alerts"`
}

// Server says where the daemon listens and by which names it is called.
type Server struct {
	access.Config
	// Listen are addresses, host:port or unix:path. Where $RUNTIME_DIRECTORY is
	// set, its monitord.sock is one more.
	Listen []string `toml:"listen"`
	// ExternalURL is where people reach the page, for links in notifications.
	// Empty: the first address listened on.
	ExternalURL string `toml:"external_url"`
	// TLS is spoken at every TCP address if it has a certificate.
	TLS TLS `toml:"tls"`
}

// Stream is the engine's configuration, and that of what it carries.
type Stream struct {
	stream.Config
	Feed
}

// Feed is an alias so that both can be embedded.
type Feed = feed.Config

// Alerts is the rules and who is told.
type Alerts struct {
	alerts.Config
	// DefaultRules puts the rules of alerts/defaults in force, but for those that
	// DisableRules names and those that a rule of the user's has the name of.
	DefaultRules bool     `toml:"default_rules"`
	DisableRules []string `toml:"disable_rules"`

	Hooks []hooks.Config `toml:"hooks"`

	// Groups are the rules in force: those above, those of the rule files, and the
	// default ones.
	Groups []alerts.GroupConfig
}

// Default is the configuration without a file.
func Default() *Config {
	return &Config{
		Labels: map[string]string{"job": "node"},
		Log:    Log{Level: "info", Format: "text"},
		Server: Server{Listen: []string{"127.0.0.1:6455"}},
		Stream: Stream{
			Config: stream.DefaultConfig(),
			Feed:   feed.DefaultConfig(),
		},
		Collectors: collectors.Default(),
		History:    history.DefaultConfig(),
		Alerts:     Alerts{Config: alerts.DefaultConfig(), DefaultRules: true},
	}
}

// Validate returns every fault, each as "key: what is wrong, what to do".
func (c *Config) Validate() []error {
	var faults []error
	under := func(table string, of []error) {
		for _, err := range of {
			faults = append(faults, fmt.Errorf("%s.%w", table, err))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Labels)) {
		if !model.LegacyValidation.IsValidLabelName(name) || name == model.MetricNameLabel || name == model.InstanceLabel {
			faults = append(faults, fmt.Errorf("labels.%s: is no name for a label here, use letters, digits and underscores, and neither __name__ nor instance", name))
		}
		if !model.LabelValue(c.Labels[name]).IsValid() {
			faults = append(faults, fmt.Errorf("labels.%s: is not UTF-8, write it in UTF-8", name))
		}
	}
	under("log", c.Log.Validate())
	under("server", c.Server.Validate())
	under("stream", c.Stream.Validate())
	under("collectors", c.Collectors.Validate())
	under("history", c.History.Validate())
	under("alerts", c.Alerts.Validate())
	return faults
}

// Validate returns every fault.
func (c Server) Validate() []error {
	faults := c.Config.Validate()
	if len(c.Listen) == 0 {
		faults = append(faults, errors.New("listen: is empty, write at least one address such as 127.0.0.1:6455"))
	}
	for i, l := range c.Listen {
		if err := access.CheckListen(l); err != nil {
			faults = append(faults, fmt.Errorf("listen[%d]: %w", i, err))
		}
	}
	if c.ExternalURL != "" {
		u, err := url.Parse(c.ExternalURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			faults = append(faults, fmt.Errorf("external_url: is %q, write http://host or https://host/path", c.ExternalURL))
		}
	}
	for _, err := range c.TLS.Validate() {
		faults = append(faults, fmt.Errorf("tls.%w", err))
	}
	return faults
}

// Validate returns every fault.
func (c Stream) Validate() []error {
	return append(c.Config.Validate(), c.Feed.Validate()...)
}

// Validate returns every fault but those of the rules.
func (c Alerts) Validate() []error {
	return append(c.Config.Validate(), hooks.Validate(c.Hooks)...)
}

// Dir is where history and journal go.
func (c *Config) Dir() string {
	if c.DataDir != "" {
		return c.DataDir
	}
	// systemd.exec(5): several directories are separated by colons.
	if dirs := filepath.SplitList(os.Getenv("STATE_DIRECTORY")); len(dirs) > 0 {
		return dirs[0]
	}
	return "data"
}

// Host is this host's name.
func (c *Config) Host() string {
	if c.Instance != "" {
		return c.Instance
	}
	if name, err := os.Hostname(); err == nil && name != "" {
		return name
	}
	return "localhost"
}

// Addresses are every address that the daemon listens on.
func (c *Config) Addresses() []string {
	addresses := slices.Clone(c.Server.Listen)
	if dirs := filepath.SplitList(os.Getenv("RUNTIME_DIRECTORY")); len(dirs) > 0 {
		addresses = append(addresses, "unix:"+filepath.Join(dirs[0], "monitord.sock"))
	}
	return addresses
}

// LongestInterval is that of the slowest collector.
func (c *Config) LongestInterval() time.Duration {
	return max(c.Collectors.Interval, c.Collectors.Filesystem.Interval, c.Collectors.Network.LinkInterval)
}

// Lookback is three times the longest interval of any collector.
func (c *Config) Lookback() time.Duration { return 3 * c.LongestInterval() }
