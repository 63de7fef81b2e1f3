package hooks

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"monitord/alerts/hooks/send"
)

// keysOf lists the keys that only some types of hooks have, by type.
var keysOf = map[string][]string{
	"exec":         {"command"},
	"webhook":      {"url", "url_file", "secret", "secret_file"},
	"alertmanager": {"url", "url_file", "urls", "urls_file", "secret", "secret_file", "resend"},
	"shoutrrr":     {"url", "url_file"},
}

// kinds are the types in the order in which people are told of them.
var kinds = []string{"exec", "webhook", "alertmanager", "shoutrrr"}

// misplaced returns a fault for each key that the hook's type does not have.
func (c Config) misplaced() []error {
	var faults []error
	for _, k := range []struct {
		name  string
		given bool
	}{
		{"command", len(c.Command) > 0},
		{"url", c.URL != ""}, {"url_file", c.URLFile != ""}, {"urls", len(c.URLs) > 0}, {"urls_file", c.URLsFile != ""},
		{"secret", c.Secret != ""}, {"secret_file", c.SecretFile != ""},
		{"resend", c.Resend != 0 && c.Resend != defaultResend},
	} {
		if !k.given || slices.Contains(keysOf[c.Type], k.name) {
			continue
		}
		var types []string
		for _, kind := range kinds {
			if slices.Contains(keysOf[kind], k.name) {
				types = append(types, fmt.Sprintf("%q", kind))
			}
		}
		faults = append(faults, fmt.Errorf("%s: is for type %s only, this hook is of type %q", k.name, strings.Join(types, ", "), c.Type))
	}
	return faults
}

// sender builds what delivers for this configuration.
func (c Config) sender(o Options) (sender, []error) {
	switch {
	case c.Type == "":
		return nil, []error{fmt.Errorf("type: is missing, write %s", strings.Join(kinds, ", "))}
	case !slices.Contains(kinds, c.Type):
		return nil, []error{fmt.Errorf("type: is %q, must be one of %s", c.Type, strings.Join(kinds, ", "))}
	}
	faults := c.misplaced()
	fault := func(key string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", key, err))
		}
	}
	if c.Type == "exec" {
		fault("command", checkCommand(c.Command))
		return send.NewExec(c.Command, o.Instance), faults
	}
	secret, err := oneOf("secret", c.Secret, c.SecretFile)
	if err != nil {
		faults = append(faults, err)
	}
	if c.Type == "alertmanager" && (len(c.URLs) > 0 || c.URLsFile != "") {
		return c.cluster(secret, o, faults)
	}
	target, err := oneOf("url", c.URL, c.URLFile)
	if err != nil {
		return nil, append(faults, err)
	}
	if c.Type == "shoutrrr" {
		s, err := send.NewShoutrrr(target, o.Instance)
		if err != nil {
			fault("url", err)
			return nil, faults
		}
		return s, faults
	}
	u, err := parseURL(target)
	if err != nil {
		fault("url", err)
		return nil, faults
	}
	if c.Type == "alertmanager" {
		return c.alertmanager([]*url.URL{u}, secret, o, faults)
	}
	return send.NewWebhook(u, secret, o.Version), faults
}

// maxMembers bounds the members of a cluster.
const maxMembers = 16

func (c Config) cluster(secret string, o Options, faults []error) (sender, []error) {
	if c.URL != "" || c.URLFile != "" {
		faults = append(faults, errors.New("urls: is given beside url, keep one of them"))
	}
	lines, err := oneOf("urls", strings.Join(c.URLs, "\n"), c.URLsFile)
	if err != nil {
		return nil, append(faults, err)
	}
	texts := strings.Fields(lines)
	if c.URLsFile == "" {
		texts = c.URLs
	}
	if len(texts) > maxMembers {
		return nil, append(faults, fmt.Errorf("urls: are %d, must be at most %d", len(texts), maxMembers))
	}
	var members []*url.URL
	for i, text := range texts {
		u, err := parseURL(text)
		if err != nil {
			faults = append(faults, fmt.Errorf("urls[%d]: %w", i, err))
			continue
		}
		members = append(members, u)
	}
	return c.alertmanager(members, secret, o, faults)
}

func (c Config) alertmanager(members []*url.URL, secret string, o Options, faults []error) (sender, []error) {
	if c.Resend < time.Second || c.Resend > time.Hour {
		faults = append(faults, fmt.Errorf("resend: is %v, must be from 1s to 1h", c.Resend))
	}
	for _, u := range members {
		switch {
		case u.User != nil && secret != "":
			faults = append(faults, errors.New("secret: is given beside a name in the URL, keep one of them"))
		case u.RawQuery != "":
			faults = append(faults, errors.New("url: has a query, write the Alertmanager's address only"))
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	every := c.Resend
	if c.Heartbeat > 0 {
		every = c.Heartbeat
	}
	return send.NewAlertmanager(members, secret, every, o.Version), nil
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
