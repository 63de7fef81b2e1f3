package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// ruleDir is a directory with files of the given names and texts.
func ruleDir(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const withoutDefaults = "MONITORD_ALERTS_DEFAULT_RULES=false"

// loadDir reads the configuration of a directory, without the default rules; faults
// come without it.
func loadDir(t *testing.T, dir string, environ ...string) (*Config, []string) {
	t.Helper()
	c, err := Source{Path: filepath.Join(dir, "monitord.toml"), Environ: append(environ, withoutDefaults)}.Load()
	if err == nil {
		return c, nil
	}
	var faulty *Error
	if !errors.As(err, &faulty) {
		t.Fatal(err)
	}
	var all []string
	for _, f := range faulty.Faults {
		all = append(all, strings.ReplaceAll(f.Error(), dir+string(filepath.Separator), ""))
	}
	return c, all
}

const prometheusRules = "groups:\n- name: g\n  interval: 15s\n  rules:\n  - {record: r, expr: sum(up)}\n  - {alert: P, expr: up == 0, for: 5m}\n- name: h\n  rules:\n  - {alert: Q, expr: up == 0}\n"

func TestRuleFiles(t *testing.T) {
	dir := ruleDir(t, map[string]string{
		"monitord.toml":      "[[alerts.rules]]\nname = \"Own\"\nexpr = \"up == 0\"\n",
		"rules.d/b.toml":     "[[rules]]\nname = \"B\"\nexpr = \"up == 0\"\n",
		"rules.d/a.toml":     "[[alerts.rules]]\nname = \"A\"\nexpr = \"up == 0\"\nhooks = []\n",
		"rules.d/c.yml":      prometheusRules,
		"rules.d/d.yaml":     "groups: [{name: y, rules: [{alert: Y, expr: up == 0}]}]",
		"rules.d/e.json":     `{"groups": [{"name": "j", "rules": [{"alert": "J", "expr": "up == 0"}]}]}`,
		"rules.d/empty.toml": "# nothing yet\n",
		"rules.d/README":     "not rules",
	})
	c, faults := loadDir(t, dir)
	if faults != nil {
		t.Fatal(faults)
	}
	names := func(c *Config) string {
		var all []string
		for _, g := range c.Alerts.Groups {
			all = append(all, g.Name)
			for _, r := range g.Rules {
				all = append(all, r.Name+r.Record)
			}
		}
		return strings.Join(all, " ")
	}
	if got, want := names(c), "monitord.toml Own a.toml A b.toml B g r P h Q"; got != want {
		t.Errorf("groups and rules are %q, want %q", got, want)
	}
	c, faults = loadDir(t, dir, "MONITORD_ALERTS_RULE_FILES=rules.d/[de].*,rules.d/e.json,"+filepath.Join(dir, "rules.d", "a.toml"))
	if faults != nil {
		t.Fatal(faults)
	}
	if got, want := names(c), "monitord.toml Own a.toml A y Y j J"; got != want {
		t.Errorf("groups and rules are %q, want %q", got, want)
	}
}

func TestRuleFileFaults(t *testing.T) {
	dir := ruleDir(t, map[string]string{
		"monitord.toml": "[[alerts.rules]]\nname = \"Own\"\nexpr = \"up ==\"\n[alerts]\nrule_files = [\n\"x/*\",\n\"missing.toml\",\n\"\",\n\"[\"]\n",
		"x/a.toml":      "[[rules]]\nname = \"B\"\nexpr = \"up == 0\"\nfro = \"5m\"\nhooks = [\"nobody\"]\n[[rules]]\nname = \"C\"\nexpr = 5\n[[rules]]\nname = \"B\"\nexpr = \"up\"\n[server]\n",
		"x/b.toml":      "[[rules]\n",
		"x/c.toml":      "[[rules]]\nname = \"D\"\nexpr = \"up\"\n[[alerts.rules]]\nname = \"E\"\nexpr = \"up\"\n",
		"x/d.yml":       "groups:\n- name: g\n  rules:\n  - {alert: P, expr: sum(, fro: 1m}\n",
		"x/e.txt":       "",
		"x/f.yml/g":     "",
	})
	_, faults := loadDir(t, dir)
	want := []string{
		`monitord.toml:3: alerts.rules[0].expr: is not PromQL`,
		`monitord.toml:7: alerts.rule_files[1]: is "missing.toml", which cannot be read (no such file or directory)`,
		`monitord.toml:8: alerts.rule_files[2]: is empty`,
		`monitord.toml:9: alerts.rule_files[3]: is "[", which is no pattern`,
		`x/a.toml:4: rules[0].fro: unknown key, did you mean for?`,
		`x/a.toml:5: rules[0].hooks[0]: there is no hook "nobody"`,
		`x/a.toml:8: rules[1].expr: is 5, write a string`,
		`x/a.toml:10: rules[2].name: "B" with these labels is rules[0] already`,
		`x/a.toml:12: server: unknown key`,
		`x/b.toml:1: syntax: `,
		`x/c.toml:4: alerts.rules: stands beside [[rules]]`,
		`x/d.yml:4: groups[0].rules[0].expr: is not PromQL`,
		`x/d.yml:4: groups[0].rules[0].fro: unknown key`,
		`x/e.txt: is no rule file by its ending`,
		`x/f.yml: cannot be read (it is a directory)`,
	}
	for i, f := range faults {
		if i >= len(want) || !strings.HasPrefix(strings.Replace(f, `"`+dir+`/`, `"`, 1), want[i]) {
			t.Errorf("fault %d is %s", i, f)
		}
	}
	if len(faults) != len(want) {
		t.Errorf("%d faults, want %d", len(faults), len(want))
	}
}

func TestRuleFilesBesideAFileWithAnOddName(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a[b]*")
	if err := os.MkdirAll(filepath.Join(dir, "rules.d"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"monitord.toml": "", "rules.d/x.toml": "[[rules]]\nname = \"B\"\nexpr = \"up == 0\"\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if c, faults := loadDir(t, dir); faults != nil || len(c.Alerts.Groups) != 1 {
		t.Errorf("faults %q, groups %+v", faults, c)
	}
}

func TestRuleFilesAreBounded(t *testing.T) {
	many := strings.Repeat("[[rules]]\n", maxRules+1)
	comment := strings.Repeat("#", maxRuleFileSize)
	crowd, heap := map[string]string{"monitord.toml": ""}, map[string]string{"monitord.toml": ""}
	for i := range maxRuleFiles + 1 {
		crowd[fmt.Sprintf("rules.d/%d.toml", i)] = "nonsense"
	}
	for i := range maxRuleBytes/maxRuleFileSize + 1 {
		heap[fmt.Sprintf("rules.d/%d.toml", i)] = comment + "\nnonsense" // of which no byte is read
	}
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"rules":      {map[string]string{"monitord.toml": "", "rules.d/a.toml": many, "rules.d/b.toml": "nonsense"}, "monitord.toml: alerts.rule_files: lead to more than 10000 rules"},
		"rules here": {map[string]string{"monitord.toml": strings.ReplaceAll(many, "rules", "alerts.rules")}, "monitord.toml:1: alerts.rules: are 10001, must be at most 10000"},
		"one file":   {map[string]string{"monitord.toml": "", "rules.d/b.yml": comment + "#"}, "rules.d/b.yml: cannot be read (it is larger than 4MiB), correct"},
		"files":      {crowd, "monitord.toml: alerts.rule_files: are 1001 files, must be at most 1000"},
		"bytes":      {heap, "monitord.toml: alerts.rule_files: have 36 MiB in all, must have at most 32 MiB"},
	} {
		_, faults := loadDir(t, ruleDir(t, tt.files))
		if len(faults) != 1 || !strings.HasPrefix(faults[0], tt.want) {
			t.Errorf("%s: faults %.300q", name, faults)
		}
	}
}

// TestOddRuleFiles: what is no file is a fault and holds up nobody; what an editor
// keeps beside a file is no rule file.
func TestOddRuleFiles(t *testing.T) {
	dir := ruleDir(t, map[string]string{
		"monitord.toml": "[alerts]\nrule_files = [\"rules.d/*.toml\", \"more/.*.yml\"]\n", "rules.d/.x.toml": "nonsense", "rules.d/real": "[[rules]]\nname = \"A\"\nexpr = \"up\"\n",
		"more/.y.yml": "groups: [{name: g, rules: [{alert: B, expr: up}]}]",
	})
	at := func(name string) string { return filepath.Join(dir, "rules.d", name) }
	for _, err := range []error{
		syscall.Mkfifo(at("a.toml"), 0o600), os.Symlink("nowhere", at("b.toml")), os.Symlink("/dev/zero", at("c.toml")), os.Symlink(".", at("d.toml")),
		os.Symlink("e.toml", at("e.toml")), os.Symlink("real", at("f.toml")), os.Symlink("x@host.123", at(".#f.toml")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	c, faults := loadDir(t, dir)
	want := []string{
		"rules.d/a.toml: cannot be read (it is no regular file), correct",
		"rules.d/b.toml: cannot be read (no such file or directory), correct",
		"rules.d/c.toml: cannot be read (it is no regular file), correct",
		"rules.d/d.toml: cannot be read (it is a directory), correct",
		"rules.d/e.toml: cannot be read (too many levels of symbolic links), correct",
	}
	for i, f := range faults {
		if i >= len(want) || !strings.HasPrefix(f, want[i]) {
			t.Errorf("fault %d is %s", i, f)
		}
	}
	if len(faults) != len(want) || len(c.Alerts.Groups) != 2 {
		t.Errorf("%d faults, want %d; groups %+v", len(faults), len(want), c.Alerts.Groups)
	}
}

func TestAnUnknownTableHasItsLine(t *testing.T) {
	dir := ruleDir(t, map[string]string{
		"monitord.toml":  "\n[[alerts.hook]]\nname = \"x\"\n[[alerts.hook]]\nname = \"y\"\n",
		"rules.d/b.toml": "# rules\n\n[[rule]]\nname = \"A\"\n",
	})
	_, faults := loadDir(t, dir)
	want := []string{"monitord.toml:2: alerts.hook: unknown key, did you mean hooks?", "rules.d/b.toml:3: rule: unknown key, did you mean rules?"}
	if fmt.Sprint(faults) != fmt.Sprint(want) {
		t.Errorf("faults %q, want %q", faults, want)
	}
}
