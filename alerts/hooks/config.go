package hooks

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Config is one [[alerts.hooks]].
type Config struct {
	// Name is what rules and the journal call it. Letters, digits, _ . -
	Name string `toml:"name"`
	// Type is exec or webhook.
	Type string `toml:"type"`

	// Command is the program (an absolute path) and its arguments, passed as
	// they are; no shell. exec only.
	Command []string `toml:"command"`

	// URL is where a webhook is posted to, http or https. Redirects are not
	// followed. webhook only.
	URL string `toml:"url" secret:"true"`
	// URLFile is a file that holds URL instead.
	URLFile string `toml:"url_file" path:"true"`
	// Secret signs a webhook's body (X-Monitord-Signature). Empty: no signature.
	Secret string `toml:"secret" secret:"true"`
	// SecretFile is a file that holds Secret instead.
	SecretFile string `toml:"secret_file" path:"true"`

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
}

// maxRunning is how many attempts of all hooks run at once.
const maxRunning = 16

// maxHooks bounds the hooks of a configuration.
const maxHooks = 1000

// Defaults returns a Config with its defaults: what a table that names nothing is.
func (Config) Defaults() any { return DefaultConfig() }

// DefaultConfig is a hook with its defaults, and no name, type or target.
func DefaultConfig() Config {
	return Config{Timeout: 30 * time.Second, SendResolved: true, Concurrency: 4, GiveUp: 24 * time.Hour}
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
	sender sender
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
		s, more := c.sender(o)
		for _, err := range append(own, more...) {
			faults = append(faults, fmt.Errorf("hooks[%d].%w", i, err))
		}
		hooks = append(hooks, compiled{Config: c, sender: s})
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
	if c.Concurrency < 1 || c.Concurrency > maxRunning {
		fault("concurrency: is %d, must be from 1 to %d", c.Concurrency, maxRunning)
	}
	if c.GiveUp < 0 || c.GiveUp > 30*24*time.Hour {
		fault("give_up: is %v, must be from 0s to 30d", c.GiveUp)
	}
	return faults
}

// sender builds what delivers for this configuration.
func (c Config) sender(o Options) (sender, []error) {
	var faults []error
	only := func(kind string, keys map[string]bool) {
		for _, key := range []string{"command", "url", "url_file", "secret", "secret_file"} {
			if keys[key] {
				faults = append(faults, fmt.Errorf("%s: is for type %q only, this hook is of type %q", key, kind, c.Type))
			}
		}
	}
	switch c.Type {
	case "exec":
		only("webhook", map[string]bool{"url": c.URL != "", "url_file": c.URLFile != "", "secret": c.Secret != "", "secret_file": c.SecretFile != ""})
		if err := checkCommand(c.Command); err != nil {
			faults = append(faults, fmt.Errorf("command: %w", err))
		}
		return &execSender{command: c.Command, instance: o.Instance}, faults
	case "webhook":
		only("exec", map[string]bool{"command": len(c.Command) > 0})
		secret, err := oneOf("secret", c.Secret, c.SecretFile)
		if err != nil {
			faults = append(faults, err)
		}
		target, err := oneOf("url", c.URL, c.URLFile)
		if err != nil {
			return nil, append(faults, err)
		}
		u, err := parseURL(target)
		if err != nil {
			return nil, append(faults, fmt.Errorf("url: %w", err))
		}
		return newWebhook(u, secret, o.Version), faults
	case "":
		return nil, append(faults, errors.New("type: is missing, write exec or webhook"))
	}
	return nil, append(faults, fmt.Errorf("type: is %q, must be exec or webhook", c.Type))
}

func checkCommand(command []string) error {
	switch {
	case len(command) == 0 || command[0] == "":
		return errors.New("is missing, write the program's path and its arguments as a list")
	case !filepath.IsAbs(command[0]):
		return fmt.Errorf("is %q, write the program's absolute path", command[0])
	}
	for _, arg := range command {
		if strings.ContainsRune(arg, 0) {
			return errors.New("has an argument with a NUL byte, take it out")
		}
	}
	return nil
}

// parseURL never puts the URL into its error: it may hold a secret.
func parseURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, errors.New("is missing, write where to post to")
	}
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" || u.Fragment != "" {
		return nil, errors.New("is not of the form http://host/path or https://host/path, write it so")
	}
	return u, nil
}

// maxSecretFile bounds what is read from a file that holds a secret.
const maxSecretFile = 64 << 10

// oneOf returns the value of a key that may be given in a file instead.
func oneOf(key, value, file string) (string, error) {
	if file == "" {
		return value, nil
	}
	if value != "" {
		return "", fmt.Errorf("%s_file: is given beside %s, keep one of them", key, key)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("%s_file: cannot be read (%w), correct the path or its permissions", key, err)
	}
	defer f.Close()
	b := make([]byte, maxSecretFile+1)
	n := 0
	for n < len(b) {
		m, err := f.Read(b[n:])
		n += m
		if err != nil {
			break
		}
	}
	text := strings.TrimSpace(string(b[:n]))
	if text == "" || n > maxSecretFile {
		return "", fmt.Errorf("%s_file: %s is empty or larger than 64KiB, write the value into it and nothing else", key, file)
	}
	return text, nil
}
