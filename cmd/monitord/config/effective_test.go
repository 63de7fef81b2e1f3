package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// printed is the effective form of a configuration.
func printed(t *testing.T, c *Config) string {
	t.Helper()
	var b strings.Builder
	if err := c.WriteEffective(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// unmasked puts values in place of the masks that are taken there.
var unmasked = strings.NewReplacer( // the URL of a chat service is of another kind
	"type = \"shoutrrr\"\nurl = \"********\"", "type = \"shoutrrr\"\nurl = \"generic://masked.example\"",
	`"********"`, `"https://masked.example"`)

// TestEffectiveReadsBackTheSame holds for the sample, at the defaults, and for a file
// in which every key has another value.
func TestEffectiveReadsBackTheSame(t *testing.T) {
	every, err := os.ReadFile("testdata/every-key.toml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"sample": uncommented(t), "every key": string(every)} {
		dir := ruleDir(t, map[string]string{"monitord.toml": text, "url": "https://hunter2.example.com", "secret": "hunter2", "urls": "http://hunter2:1\nhttp://hunter2:2\n"})
		src := Source{Path: filepath.Join(dir, "monitord.toml")}
		c, err := src.Load()
		if err != nil {
			t.Fatalf("%s:\n%v", name, err)
		}
		text := printed(t, c)
		if strings.Contains(text, "hunter2") || strings.Contains(text, "hooks.example.com") {
			t.Errorf("%s: a secret is not masked:\n%s", name, text)
		}
		if err := os.WriteFile(src.Path, []byte(unmasked.Replace(text)), 0o600); err != nil {
			t.Fatal(err)
		}
		again, err := src.Load()
		if err != nil {
			t.Fatalf("%s: %v in:\n%s", name, err, text)
		}
		if printed(t, again) != text {
			t.Errorf("%s: printed again it is\n%s\nand was\n%s", name, printed(t, again), text)
		}
		for i := range c.Alerts.Hooks {
			for _, h := range []*Config{c, again} {
				h.Alerts.Hooks[i].URL, h.Alerts.Hooks[i].URLs, h.Alerts.Hooks[i].Secret = "", nil, ""
			}
		}
		for _, part := range []struct{ before, after any }{
			{c.Alerts.Rules, again.Alerts.Rules}, {c.Alerts.Silences, again.Alerts.Silences}, {c.Alerts.Hooks, again.Alerts.Hooks}, {flatten(c), flatten(again)},
		} {
			if !reflect.DeepEqual(part.before, part.after) {
				t.Errorf("%s: %+v became %+v", name, part.before, part.after)
			}
		}
		if name == "sample" {
			continue
		}
		defaults := flatten(Default())
		for key, value := range flatten(c) {
			if value == defaults[key] && !strings.HasPrefix(key, "server.tls.") { // needs a pair of keys
				t.Errorf("%s is at its default", key)
			}
		}
		for _, list := range []reflect.Value{reflect.ValueOf(c.Alerts.Rules), reflect.ValueOf(c.Alerts.Silences), reflect.ValueOf(c.Alerts.Hooks)} {
			for key := range tomlFields(list.Type().Elem()) {
				if key != "url" && key != "urls" && key != "secret" && !strings.Contains(text, "\n"+key+" = ") {
					t.Errorf("%s of %v is at its default", key, list.Type())
				}
			}
		}
	}
}
