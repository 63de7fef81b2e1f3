package hooks

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"monitord/alerts/match"
)

// Config is one [[alerts.hooks]].
type Config struct {
	// Name is what rules and the journal call it. Letters, digits, _ . -
	Name string `toml:"name"`
	// Type is exec, webhook, alertmanager or shoutrrr.
	Type string `toml:"type"`

	// Command is the program (an absolute path) and its arguments, passed as
	// they are; no shell. exec only.
	Command []string `toml:"command"`

	// URL is where a webhook is posted to, or of the Alertmanager, http or https:
	// redirects are not followed. Or that of a chat, push or mail service, in the
	// form of shoutrrr. Not for exec.
	URL string `toml:"url" secret:"true"`
	// URLFile is a file that holds URL instead.
	URLFile string `toml:"url_file" path:"true"`
	// URLs are the members of a cluster, in place of URL. Each is sent everything;
	// that one of them takes it is success. alertmanager only.
	URLs []string `toml:"urls" secret:"true"`
	// URLsFile is a file that holds URLs instead, one a line.
	URLsFile string `toml:"urls_file" path:"true"`
	// Secret signs a webhook's body (X-Monitord-Signature), or is the bearer token
	// for an Alertmanager. Empty: neither. Not for exec and shoutrrr.
	Secret string `toml:"secret" secret:"true"`
	// SecretFile is a file that holds Secret instead.
	SecretFile string `toml:"secret_file" path:"true"`

	// Resend is how often what fires is sent again, so that the Alertmanager does
	// not take it for resolved, which it does after four times as long. Default 1m.
	// alertmanager only.
	Resend time.Duration `toml:"resend"`
	// Heartbeat is how often the hook is called while all is well; it then gets no
	// alerts. The parts of the daemon turn about once a second: less than two seconds
	// would say nothing of them. 0: it gets alerts, and no heartbeat.
	Heartbeat time.Duration `toml:"heartbeat"`

	// Timeout bounds one attempt, default 30s. An attempt that hangs keeps one
	// of the hook's places for that long.
	Timeout time.Duration `toml:"timeout"`
	// SendResolved says whether the end of an alert is delivered, default true.
	SendResolved bool `toml:"send_resolved"`
	// Concurrency is how many deliveries run at once, of different alerts,
	// default 4. All hooks together run 16 at most.
	Concurrency int `toml:"concurrency"`
	// GiveUp is how long after its first failure a delivery is tried again,
	// default 24h; with 0s it is tried once. Waiting deliveries of one alert hold
	// back its later ones, and nothing else.
	GiveUp time.Duration `toml:"give_up"`

	// Matchers choose the alerts of rules that name no hooks, such as
	// severity="critical" or team=~"ops|db": all must fit. None: every alert. A rule
	// that names this hook is delivered whatever they say.
	Matchers []string `toml:"matchers" single:"true"`
	// Repeat is how long after a delivery it is made again while the alert fires.
	// 0: never.
	Repeat time.Duration `toml:"repeat"`
	// GroupBy are the labels by which alerts are delivered together: those of one
	// group that come within GroupWait, at most 256. Empty: each by itself, at once.
	GroupBy []string `toml:"group_by"`
	// GroupWait is how long the first of a group waits for others, default 10s.
	GroupWait time.Duration `toml:"group_wait"`
	// MaxPerMinute is how many attempts may be begun within any minute; what is
	// beyond waits. 0: any number.
	MaxPerMinute int `toml:"max_per_minute"`
}

// defaultResend is Config.Resend's: as often as Prometheus does.
const defaultResend = time.Minute

// maxRunning is how many attempts of all hooks run at once.
const maxRunning = 16

// maxHooks bounds the hooks of a configuration.
const maxHooks = 1000

// Defaults returns a Config with its defaults: what a table that names nothing is.
func (Config) Defaults() any { return DefaultConfig() }

// DefaultConfig is a hook with its defaults, and no name, type or target.
func DefaultConfig() Config {
	return Config{
		Resend: defaultResend, Timeout: 30 * time.Second, SendResolved: true, Concurrency: 4, GiveUp: 24 * time.Hour,
		GroupWait: 10 * time.Second,
	}
}

var validName = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,64}$`)

// Validate returns every fault, each as "hooks[i].key: what is wrong, what to
// do". It reads the files that hold secrets.
func Validate(cfgs []Config) []error {
	_, faults := compile(cfgs, Options{})
	return faults
}

// compiled is a Config that has proved good, and what it sends with.
type compiled struct {
	Config
	sender   sender
	matchers match.Matchers
}

// compile returns a hook for every configuration, or every fault.
func compile(cfgs []Config, o Options) ([]compiled, []error) {
	var faults []error
	if len(cfgs) > maxHooks {
		return nil, []error{fmt.Errorf("hooks: are %d, must be at most %d", len(cfgs), maxHooks)}
	}
	seen := map[string]bool{}
	hooks := make([]compiled, 0, len(cfgs))
	for i, c := range cfgs {
		own := c.validate()
		if seen[c.Name] && c.Name != "" {
			own = append(own, fmt.Errorf("name: %q is taken by another hook, choose another name", c.Name))
		}
		seen[c.Name] = true
		matchers, rest := c.chooses()
		s, more := c.sender(o)
		for _, err := range slices.Concat(own, rest, more) {
			faults = append(faults, fmt.Errorf("hooks[%d].%w", i, err))
		}
		hooks = append(hooks, compiled{c, s, matchers})
	}
	return hooks, faults
}

func (c Config) validate() []error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	switch {
	case c.Name == "":
		fault("name: is missing, give the hook a name")
	case !validName.MatchString(c.Name):
		fault("name: is %q, use at most 64 letters, digits and _ . -", c.Name)
	}
	if c.Timeout < 100*time.Millisecond || c.Timeout > time.Hour {
		fault("timeout: is %v, must be from 100ms to 1h", c.Timeout)
	}
	if c.Heartbeat != 0 && (c.Heartbeat < 2*time.Second || c.Heartbeat > 24*time.Hour) {
		fault("heartbeat: is %v, must be from 2s to 24h, or 0s for none", c.Heartbeat)
	}
	if c.Concurrency < 1 || c.Concurrency > maxRunning {
		fault("concurrency: is %d, must be from 1 to %d", c.Concurrency, maxRunning)
	}
	if c.GiveUp < 0 || c.GiveUp > 30*24*time.Hour {
		fault("give_up: is %v, must be from 0s to 30d", c.GiveUp)
	}
	return faults
}
