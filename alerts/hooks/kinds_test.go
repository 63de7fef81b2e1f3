package hooks

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"monitord/alerts/hooks/hooktest"
)

func TestValidateKinds(t *testing.T) {
	hook := func(kind, url string, change func(*Config)) Config {
		c := DefaultConfig()
		c.Name, c.Type, c.URL = "ops", kind, url
		if change != nil {
			change(&c)
		}
		return c
	}
	const am = "http://am.example.com:9093/T0K3N"
	for name, c := range map[string]struct {
		hook Config
		want []string // of each fault, how it begins
	}{
		"an Alertmanager":   {hook("alertmanager", am, nil), nil},
		"a name in the URL": {hook("alertmanager", "https://me:hunter2@am", nil), nil},
		"a cluster":         {hook("alertmanager", "", func(c *Config) { c.URLs, c.Secret = []string{am, am}, "hunter2" }), nil},
		"both":              {hook("alertmanager", am, func(c *Config) { c.URLs = []string{am} }), []string{"urls: is given beside url"}},
		"a bad member":      {hook("alertmanager", "", func(c *Config) { c.URLs = []string{am, "T0K3N", am} }), []string{"urls[1]: is not of the form"}},
		"too many":          {hook("alertmanager", "", func(c *Config) { c.URLs = make([]string, 17) }), []string{"urls: are 17"}},
		"no address":        {hook("alertmanager", "", nil), []string{"url: is missing"}},
		"a query":           {hook("alertmanager", am+"?k=T0K3N", nil), []string{"url: has a query"}},
		"two credentials":   {hook("alertmanager", "http://me:hunter2@am", func(c *Config) { c.Secret = "T0K3N" }), []string{"secret: is given beside"}},
		"too often":         {hook("alertmanager", am, func(c *Config) { c.Resend = time.Millisecond }), []string{"resend: is 1ms"}},
		"a command":         {hook("alertmanager", am, func(c *Config) { c.Command = []string{"/x"} }), []string{`command: is for type "exec" only`}},
		"resend elsewhere":  {hook("webhook", am, func(c *Config) { c.Resend = time.Second }), []string{`resend: is for type "alertmanager" only`}},
		"urls elsewhere":    {hook("webhook", am, func(c *Config) { c.URLs = []string{am} }), []string{`urls: is for type "alertmanager" only`}},
		"a service":         {hook("shoutrrr", "ntfy://ntfy.sh/T0K3N", nil), nil},
		"signed":            {hook("shoutrrr", "ntfy://ntfy.sh/T0K3N", func(c *Config) { c.Secret = "hunter2" }), []string{`secret: is for type "webhook", "alertmanager" only`}},
		"unknown service":   {hook("shoutrrr", "nfty://ntfy.sh/T0K3N", nil), []string{"url: is of no service that is known here, use one of bark, discord"}},
		"no service":        {hook("shoutrrr", "", nil), []string{"url: is missing"}},
		"beats":             {hook("webhook", am, func(c *Config) { c.Heartbeat = time.Minute }), nil},
		"beats too fast":    {hook("webhook", am, func(c *Config) { c.Heartbeat = time.Second }), []string{"heartbeat: is 1s"}},
		"beats back":        {hook("webhook", am, func(c *Config) { c.Heartbeat = -1 }), []string{"heartbeat: is -1ns"}},
	} {
		faults := Validate([]Config{c.hook})
		if len(faults) != len(c.want) {
			t.Errorf("%s: %v, want %q", name, faults, c.want)
			continue
		}
		for i, err := range faults {
			text := err.Error()
			if !strings.HasPrefix(text, "hooks[0]."+c.want[i]) || strings.Contains(text, "T0K3N") || strings.Contains(text, "hunter2") {
				t.Errorf("%s: %q, want %q", name, text, c.want[i])
			}
		}
	}
}

// TestMembersFromAFile: URLs may be secrets, so they may be in a file, one a line.
func TestMembersFromAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "members")
	if err := os.WriteFile(file, []byte("http://me:s3cret@am1:9093\n\n  http://am2:9093\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Name, c.Type, c.URLsFile = "fleet", "alertmanager", file
	hooks, faults := compile([]Config{c}, Options{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	hooktest.Equal(t, "members", hooks[0].sender.Target(), "am1:9093, am2:9093")
	c.URLs = []string{"http://am1:9093"}
	if faults := Validate([]Config{c}); len(faults) != 1 || !strings.Contains(faults[0].Error(), "urls_file: is given beside urls") {
		t.Errorf("faults %v", faults)
	}
}
