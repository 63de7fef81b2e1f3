package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func parseText(t *testing.T, text string, environ ...string) (*Config, []Fault) {
	t.Helper()
	c, err := parse("monitord.toml", []byte(text), Source{Environ: environ})
	var faulty *Error
	if errors.As(err, &faulty) {
		return c, faulty.Faults
	}
	if err != nil {
		t.Fatal(err)
	}
	return c, nil
}

func TestConfigReportsEveryFaultAtOnce(t *testing.T) {
	_, faults := parseText(t, `dat_dir = "x"
instance = 3

[log]
level = "loud"

[server]
listen = ["0.0.0.0:6455"]

[stream]
ping_interval = 25
max_message = "lots"

[collectors]
interval = "1ms"

[collectors.filesystem]
mount_points_exclude = "("

[[alerts.rules]]
name = "Broken"
expr = "sum("

[[alerts.rules]]
name = "Hooked"
expr = "up == 0"
hooks = ["nobody"]
`)
	want := []string{
		"monitord.toml:1: dat_dir: unknown key, did you mean data_dir?",
		"monitord.toml:2: instance: is 3, write a string",
		"monitord.toml:5: log.level: ",
		"monitord.toml:8: server.listen[0]: ",
		`monitord.toml:11: stream.ping_interval: is 25, write a duration such as "30s", "5m" or "7d"`,
		`monitord.toml:12: stream.max_message: is "lots", write a size`,
		"monitord.toml:15: collectors.interval: ",
		"monitord.toml:18: collectors.filesystem.mount_points_exclude: ",
		"monitord.toml:22: alerts.rules[0].expr: ",
		`monitord.toml:27: alerts.rules[1].hooks[0]: there is no hook "nobody"`,
	}
	if len(faults) != len(want) {
		t.Errorf("got %d faults, want %d", len(faults), len(want))
	}
	for i, f := range faults {
		if i < len(want) && !strings.HasPrefix(f.Error(), want[i]) {
			t.Errorf("fault %d is %q, want %q…", i, f, want[i])
		}
	}
}

func TestConfigSyntaxError(t *testing.T) {
	_, faults := parseText(t, "data_dir = \"x\"\n[log\nlevel = 1\n")
	if len(faults) != 1 || faults[0].Line != 2 || faults[0].File != "monitord.toml" {
		t.Errorf("got %v, want one fault on line 2", faults)
	}
}

func TestConfigLayers(t *testing.T) {
	c, faults := parseText(t, `
data_dir = "state"
[collectors]
interval = "2s"
[collectors.filesystem]
interval = "20s"
[history]
retention = "3d"
[server]
hosts = ["a.example"]
`,
		"MONITORD_HISTORY_RETENTION=2w", "MONITORD_SERVER_HOSTS=b.example, c.example", "MONITORD_COLLECTORS_DISK_ENABLED=false", "MONITORD_LABELS_JOB=host", "MONITORD_LABELS_SITE=a",
		"MONITORD_URL=http://elsewhere", "MONITORD_ALERT_NAME=x", "HOME=/")
	if faults != nil {
		t.Fatal(faults)
	}
	if !filepath.IsAbs(c.DataDir) || filepath.Base(c.DataDir) != "state" {
		t.Errorf("data_dir is %q, want it relative to the file", c.DataDir)
	}
	if c.Collectors.Interval != 2*time.Second || c.Collectors.Disk.Enabled || !c.Collectors.CPU.Enabled {
		t.Errorf("collectors are %+v", c.Collectors)
	}
	if c.Labels["job"] != "host" || c.Labels["site"] != "a" {
		t.Errorf("labels are %v", c.Labels)
	}
	if c.History.Retention != 14*24*time.Hour {
		t.Errorf("the environment did not win: retention %v", c.History.Retention)
	}
	if strings.Join(c.Server.Hosts, " ") != "b.example c.example" {
		t.Errorf("hosts are %q", c.Server.Hosts)
	}
}

func TestConfigFaultInEnvironmentNamesTheVariable(t *testing.T) {
	_, faults := parseText(t, "", "MONITORD_STREAM_MAX_QUERIES=many", "MONITORD_STREAM_MAX_REPLY=1", "MONITORD_HISTORY_RETENTION=1s", "MONITORD_OPTS=x", "MONITORD_ALERT_NAME=y")
	if len(faults) != 3 {
		t.Fatalf("got %v, want three faults", faults)
	}
	for i, variable := range []string{"MONITORD_STREAM_MAX_QUERIES: is \"many\"", "MONITORD_STREAM_MAX_REPLY: unknown variable, did you mean MONITORD_STREAM_MAX_REPLAY?", "MONITORD_HISTORY_RETENTION: "} {
		if !strings.HasPrefix(faults[i].Error(), variable) {
			t.Errorf("fault %d is %q, want %q…", i, faults[i], variable)
		}
	}
}

// uncommented is the sample with every key in force: `#key = …` is a key,
// `# text` is text.
func uncommented(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../monitord.toml")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for line := range strings.Lines(string(text)) {
		if len(line) > 1 && line[0] == '#' && line[1] != ' ' && line[1] != '\n' {
			line = line[1:]
		}
		b.WriteString(line)
	}
	return b.String()
}

// TestListOfOne: where one value is common, it may be written without brackets.
func TestListOfOne(t *testing.T) {
	c, faults := parseText(t, "[[alerts.hooks]]\nname = 'x'\ntype = 'exec'\ncommand = ['/bin/true']\nmatchers = '{severity=\"critical\"}'\n")
	if faults != nil {
		t.Fatal(faults)
	}
	if m := c.Alerts.Hooks[0].Matchers; len(m) != 1 || m[0] != `{severity="critical"}` {
		t.Errorf("matchers %q", m)
	}
	if _, faults := parseText(t, "[[alerts.hooks]]\nname = 'x'\ntype = 'exec'\ncommand = '/bin/true'\n"); faults == nil {
		t.Error("a command without brackets was taken")
	}
}

func TestSampleListsEveryKeyAtItsDefault(t *testing.T) {
	text := uncommented(t)
	c, faults := parseText(t, text)
	if faults != nil {
		t.Fatalf("the sample with every key uncommented is faulty:\n%v", (&Error{faults}).Error())
	}
	lines := keyLines(text)
	defaults, got := flatten(Default()), flatten(c)
	for key, value := range defaults {
		if lines[key] == 0 {
			t.Errorf("%s is not in the sample", key)
			continue
		}
		if got[key] != value {
			t.Errorf("%s is %s in the sample, the default is %s", key, got[key], value)
		}
	}
	for _, list := range []struct {
		table string
		keys  map[string][]int
	}{
		{"alerts.rules", tomlFields(fieldType(c, "Alerts", "Rules"))},
		{"alerts.silences", tomlFields(fieldType(c, "Alerts", "Silences"))},
		{"alerts.hooks", tomlFields(fieldType(c, "Alerts", "Hooks"))},
	} {
		for key := range list.keys {
			found := false
			for path := range lines {
				found = found || strings.HasPrefix(path, list.table+"[") && strings.HasSuffix(path, "]."+key)
			}
			if !found {
				t.Errorf("%s has no %s in the sample", list.table, key)
			}
		}
	}
}

func TestSampleAsShippedIsTheDefault(t *testing.T) {
	text, err := os.ReadFile("../../../monitord.toml")
	if err != nil {
		t.Fatal(err)
	}
	c, faults := parseText(t, string(text))
	if faults != nil {
		t.Fatal(faults)
	}
	defaults, got := flatten(Default()), flatten(c)
	for key, value := range defaults {
		if got[key] != value {
			t.Errorf("%s is %s as shipped, the default is %s", key, got[key], value)
		}
	}
}

// FuzzParseConfig checks that no input panics, and that whatever is accepted
// can be printed and read again.
func FuzzParseConfig(f *testing.F) {
	for _, seed := range []string{
		"", "data_dir=1", "[server]\nlisten=['unix:/x']", "[[alerts.rules]]\nname='a'\nexpr='up'\nlabels={a='b'}",
		"[[alerts.hooks]]\nname='x'\ntype='exec'\ncommand=['/bin/true']", "alerts=1", "alerts.rules=[1]", "[labels]\njob=''", "[stream]\nmax_message='9e99GiB'",
		"[collectors]\ninterval='9999999w'", "[[alerts]]", "[log]\nlevel=[[]]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parse("f.toml", []byte(text), Source{})
		if err != nil {
			return
		}
		var b strings.Builder
		if err := c.WriteEffective(&b); err != nil {
			t.Fatal(err)
		}
		if _, err := parse("f.toml", []byte(b.String()), Source{}); err != nil && !strings.Contains(b.String(), "********") {
			t.Errorf("%v\nin the effective form of %q:\n%s", err, text, b.String())
		}
	})
}

// fieldType returns the element type of the list of tables at a path of fields.
func fieldType(c *Config, path ...string) reflect.Type {
	v := reflect.ValueOf(c).Elem()
	for _, name := range path {
		v = v.FieldByName(name)
	}
	return v.Type().Elem()
}
