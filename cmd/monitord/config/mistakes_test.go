package config

import (
	"strings"
	"testing"
	"time"
)

// TestMistakes: what people get wrong, and what they are told. Each fault is here
// whole or up to what does not matter; there are no others, none that merely follow
// from one that is told.
func TestMistakes(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"a string without an end", "[log]\nlevel = \"info\n", []string{"2: syntax: strings cannot contain newlines; end the string"}},
		{"a key twice", "[log]\nlevel = \"info\"\nlevel = \"debug\"\n", []string{"3: syntax: Key 'log.level' has already been defined; keep one"}},
		{"a table twice", "[log]\n[server]\n[log]\n", []string{"3: syntax: Key 'log' has already been defined; keep one"}},
		{"no value", "[log]\nlevel =\n", []string{"2: syntax: expected value but found '\\n' instead; write a value"}},
		{"no quotes", "[log]\nlevel = info\n", []string{"2: syntax: expected a top-level item to end with a newline, comment, or EOF, but got 'o' instead; write one key = value a line, and text in quotes"}},
		{"a colon", "[log]\nlevel: info\n", []string{"2: syntax: expected '.' or '=', but got ':' instead; write key = value"}},
		{"curly quotes", "[log]\nlevel = “info”\n", []string{"2: syntax: expected value but found '“' instead; write a value: \"text\" in straight quotes"}},
		{"a bracket too few", "[[alerts.rules]\nname = \"a\"\n", []string{"1: syntax: expected end of table array name delimiter ']', but got '\\n' instead; write [[name]]"}},
		{"a path of Windows", "data_dir = \"C:\\data\"\n", []string{"1: syntax: invalid escape in string '\\d'; write \\\\ for a backslash"}},
		{"a list without an end", "[server]\nhosts = [\"a\",\n", []string{"2: syntax: unexpected EOF; expected value; end what was begun last"}},
		{"line ends of an old Macintosh", "[log]\rlevel = 5\r", []string{"1: syntax: TOML files cannot contain control characters: '0x0d'; write the file with line ends"}},
		{"Latin-1", "[log]\nlevel = \"caf\xe9\"\n", []string{"2: syntax: invalid UTF-8 byte: 0xe9; write the file in UTF-8"}},
		{"UTF-16", "\xff\xfe[\x00l\x00o\x00g\x00]\x00\n\x00", []string{"1: syntax: files cannot contain NULL bytes; probably using UTF-16; TOML files must be UTF-8; write"}},
		{"a mark of the byte order", "\ufefflog = 5\n[sever]\n", []string{"1: log: is 5, write a table", "2: sever: unknown key, did you mean server?"}},
		{"line ends of Windows", "[log]\r\nlevel = 5\r\n", []string{"2: log.level: is 5, write a string"}},
		{"no table, and nothing of what it lacks", "[alerts]\nsilences = [1]\n[[alerts.rules]]\nname = \"A\"\nexpr = \"up\"\nflap = 3\n", []string{
			"2: alerts.silences[0]: is 1, write a table", "6: alerts.rules[0].flap: is 3, write a table"}},
		{"keys that are nearly there", "[[alerts.rules]]\nnmae = \"A\"\nexp = \"up\"\n[[alerts.hooks]]\nname = \"h\"\ntpye = \"exec\"\ncommand = [\"/bin/true\"]\n", []string{
			"2: alerts.rules[0].nmae: unknown key, did you mean name?", "3: alerts.rules[0].exp: unknown key, did you mean expr?", "6: alerts.hooks[0].tpye: unknown key, did you mean type?"}},
		{"a key and nearly the same one, both wrong", "[[alerts.rules]]\nname = \"A\"\nexpr = \"sum(\"\nexp = \"up\"\n", []string{
			"3: alerts.rules[0].expr: is not PromQL: ", "4: alerts.rules[0].exp: unknown key, did you mean expr?"}},
		{"two names that are none", "[labels]\n\"b-c\" = \"1\"\n\"a-c\" = \"1\"\n", []string{"2: labels.b-c: is no name", "3: labels.a-c: is no name"}},
	} {
		_, faults := parseText(t, tt.text)
		for i, f := range faults {
			if i >= len(tt.want) || !strings.HasPrefix(f.Error(), "monitord.toml:"+tt.want[i]) {
				t.Errorf("%s: fault %d is %s", tt.name, i, f)
			}
		}
		if len(faults) != len(tt.want) {
			t.Errorf("%s: %d faults, want %d", tt.name, len(faults), len(tt.want))
		}
	}
}

func TestMistakesInYAML(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"a tab", "groups:\n- name: x\n\trules: []\n", "2: syntax: found a tab character that violates indentation; indent with spaces"},
		{"a colon in a text", "groups:\n- name: a: b\n", "2: syntax: mapping values are not allowed in this context; indent what belongs together alike"},
		{"Latin-1", "groups:\n- name: caf\xe9\n", "2: syntax: incomplete UTF-8 octet sequence, write text in UTF-8"},
		{"two documents", "groups: []\n---\n# more\ngroups: []\n", "4: begins a second document, which Prometheus would not read: move it"},
		{"no end", "{\"groups\": [\n", "1: syntax: did not find expected node content; correct it"},
	} {
		_, faults := loadDir(t, ruleDir(t, map[string]string{"monitord.toml": "", "rules.d/a.yml": tt.text}))
		if len(faults) != 1 || !strings.HasPrefix(faults[0], "rules.d/a.yml:"+tt.want) {
			t.Errorf("%s: faults %q", tt.name, faults)
		}
	}
}

func TestAnEmptySecondDocumentIsNone(t *testing.T) {
	for _, text := range []string{"---\ngroups: []\n---\n", "groups: []\n---\n# nothing\n", "groups: []\n...\n", ""} {
		if _, faults := loadDir(t, ruleDir(t, map[string]string{"monitord.toml": "", "rules.d/a.yml": text})); faults != nil {
			t.Errorf("%q: faults %q", text, faults)
		}
	}
}

// TestFaultsNameWhereTheKeyWasGiven: a variable or a flag wins over the file, and its
// fault is not looked for there.
func TestFaultsNameWhereTheKeyWasGiven(t *testing.T) {
	const text = "[server]\nlisten = [\"127.0.0.1:1\"]\nhosts = [\"a\"]\n"
	_, err := parse("monitord.toml", []byte(text), Source{Environ: []string{"MONITORD_SERVER_HOSTS=ok,a b"}, Listen: []string{"127.0.0.1:1", "nowhere"}})
	want := "--listen: \"nowhere\" is not an address, "
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "MONITORD_SERVER_HOSTS: \"a b\" is not a host name") || strings.Contains(err.Error(), "monitord.toml") {
		t.Errorf("%v, want %s", err, want)
	}
}

// TestRulesFitTheIntervalInForce: what a reload finds is judged by the ticks that
// there are, not by those that there will be after a restart.
func TestRulesFitTheIntervalInForce(t *testing.T) {
	const text = "[collectors]\ninterval = \"1s\"\n[[alerts.rules]]\nname = \"A\"\nexpr = \"up\"\nevery = \"2s\"\n"
	c, err := parse("monitord.toml", []byte(text), Source{Interval: 20 * time.Second})
	if want := "monitord.toml:6: alerts.rules[0].every: is 2s, must be at least the interval of the ticks, 20s"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	for _, r := range c.Alerts.Groups[1].Rules {
		if r.Every < 20*time.Second {
			t.Errorf("the default rule %s is evaluated every %v", r.Name, r.Every)
		}
	}
	if _, err := parse("monitord.toml", []byte(text), Source{}); err != nil {
		t.Error(err)
	}
}
