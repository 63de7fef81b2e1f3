package hooks

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good", "https://user:hunter2@hooks.example.com/T0K3N\n")
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	hook := func(change func(*Config)) Config {
		c := DefaultConfig()
		c.Name, c.Type = "ops", "exec"
		change(&c)
		return c
	}
	for _, c := range []struct {
		name string
		hook Config
		want []string // of each fault, how it begins
	}{
		{"exec", hook(func(c *Config) { c.Command = []string{"/bin/page", "--json"} }), nil},
		{"webhook", hook(func(c *Config) { c.Type, c.URL, c.Secret = "webhook", "https://x/y?z", "s" }), nil},
		{"webhook from files", hook(func(c *Config) { c.Type, c.URLFile, c.SecretFile = "webhook", good, good }), nil},
		{"empty", Config{}, []string{"hooks[0].name: is missing", "hooks[0].timeout: is 0s", "hooks[0].concurrency: is 0", "hooks[0].type: is missing"}},
		{"unknown type", hook(func(c *Config) { c.Type = "pager" }), []string{`hooks[0].type: is "pager"`}},
		{"name", hook(func(c *Config) { c.Name, c.Command = "a b", []string{"/x"} }), []string{`hooks[0].name: is "a b"`}},
		{"no command", hook(func(c *Config) {}), []string{"hooks[0].command: is missing"}},
		{"relative command", hook(func(c *Config) { c.Command = []string{"page"} }), []string{`hooks[0].command: is "page"`}},
		{"NUL", hook(func(c *Config) { c.Command = []string{"/page", "a\x00b"} }), []string{"hooks[0].command: has an argument"}},
		{"no URL", hook(func(c *Config) { c.Type = "webhook" }), []string{"hooks[0].url: is missing"}},
		{"bad URL", hook(func(c *Config) { c.Type, c.URL = "webhook", "ftp://user:hunter2@x/T0K3N" }), []string{"hooks[0].url: is not of the form"}},
		{"worse URL", hook(func(c *Config) { c.Type, c.URL = "webhook", "http://T0K3N\x7f hunter2/" }), []string{"hooks[0].url: is not of the form"}},
		{"both", hook(func(c *Config) { c.Type, c.URL, c.URLFile = "webhook", "http://x", good }), []string{"hooks[0].url_file: is given beside url"}},
		{"no file", hook(func(c *Config) { c.Type, c.URL, c.SecretFile = "webhook", "http://x", "/does/not/exist" }), []string{"hooks[0].secret_file: cannot be read"}},
		{"empty file", hook(func(c *Config) { c.Type, c.URL, c.SecretFile = "webhook", "http://x", file("empty", " \n") }), []string{"hooks[0].secret_file: "}},
		{"large file", hook(func(c *Config) {
			c.Type, c.URL, c.SecretFile = "webhook", "http://x", file("large", strings.Repeat("x", maxSecretFile+1))
		}), []string{"hooks[0].secret_file: "}},
		{"a directory", hook(func(c *Config) { c.Type, c.URL, c.SecretFile = "webhook", "http://x", dir }), []string{"hooks[0].secret_file: cannot be read"}},
		{"a pipe", hook(func(c *Config) { c.Type, c.URL, c.SecretFile = "webhook", "http://x", pipe }), []string{"hooks[0].secret_file: cannot be read"}},
		{"another type's", hook(func(c *Config) { c.Command, c.URL, c.Secret = []string{"/x"}, "http://x", "hunter2" }),
			[]string{`hooks[0].url: is for type "webhook", "alertmanager", "shoutrrr" only`, `hooks[0].secret: is for type "webhook", "alertmanager" only`}},
		{"numbers", hook(func(c *Config) {
			c.Command, c.Timeout, c.Concurrency, c.GiveUp = []string{"/x"}, 2*time.Hour, 17, -1
		}), []string{"hooks[0].timeout: is 2h0m0s", "hooks[0].concurrency: is 17", "hooks[0].give_up: is -1ns"}},
		{"choices", hook(func(c *Config) {
			c.Command, c.Matchers, c.Repeat, c.GroupBy, c.GroupWait, c.MaxPerMinute =
				[]string{"/x"}, []string{"severity=critical", `{team=~"ops|db"}`}, 4*time.Hour, []string{"alertname", "instance"}, 0, 60
		}), nil},
		{"bad choices", hook(func(c *Config) {
			c.Command, c.Matchers, c.Repeat, c.GroupBy, c.GroupWait, c.MaxPerMinute =
				[]string{"/x"}, []string{"severity"}, time.Millisecond, []string{""}, 2*time.Hour, -1
		}), []string{`hooks[0].matchers[0]: "severity" is no matcher`, "hooks[0].repeat: is 1ms", `hooks[0].group_by[0]: "" is no name`, "hooks[0].group_wait: is 2h0m0s", "hooks[0].max_per_minute: is -1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			faults := Validate([]Config{c.hook})
			if len(faults) != len(c.want) {
				t.Fatalf("faults %v, want %q", faults, c.want)
			}
			for i, err := range faults {
				if !strings.HasPrefix(err.Error(), c.want[i]) {
					t.Errorf("fault %q, want %q", err, c.want[i])
				}
				if text := err.Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "T0K3N") {
					t.Errorf("a secret is in %q", text)
				}
			}
		})
	}
	two := hook(func(c *Config) { c.Command = []string{"/x"} })
	if faults := Validate([]Config{two, two}); len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), `hooks[1].name: "ops" is taken`) {
		t.Errorf("twice the same name: %v", faults)
	}
	if faults := Validate(make([]Config, maxHooks+1)); len(faults) != 1 {
		t.Errorf("too many: %d faults", len(faults))
	}
}

func TestBackoff(t *testing.T) {
	for attempts := range 2000 {
		want := retryMax
		if n := max(attempts-1, 0); n < 9 {
			want = retryMin << n
		}
		got := backoff(attempts)
		if got < retryMin || got > retryMax || got < want*7/10 || got > want*13/10 {
			t.Fatalf("after %d attempts: %v, about %v was due", attempts, got, want)
		}
	}
}
