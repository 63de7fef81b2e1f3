package config

import (
	"testing"

	"github.com/BurntSushi/toml"
)

func TestKeyLines(t *testing.T) {
	text := `# comment [not.a.table]
data_dir = "x" # = not a key
"quoted key" = 'a # b'

[server]
listen = [
  "127.0.0.1:1", # first
  '[::1]:1',
]
text = """
not = "a key"
[nor.a.table] \""" still
"""
after = 1
[labels]
a.b = 2
[[alerts.rules]]
name = "one"
labels = { team = "ops", "x y" = "1" }
[[alerts.rules]]
name = "two"
[alerts.rules.annotations]
summary = '''
expr = "no"
'''
description = "d"
[[alerts.hooks]]
tables = [ {k = 1}, {k = 2} ]
`
	var doc map[string]any
	if _, err := toml.Decode(text, &doc); err != nil {
		t.Fatal(err)
	}
	got := keyLines(text)
	for path, line := range map[string]int{
		"data_dir": 2, "quoted key": 3, "server": 5, "server.listen": 6, "server.listen[1]": 8,
		"server.text": 10, "server.after": 14, "labels.a.b": 16,
		"alerts.rules[0]": 17, "alerts.rules[0].name": 18, "alerts.rules[0].labels.team": 19, "alerts.rules[0].labels.x y": 19,
		"alerts.rules[1].name": 21, "alerts.rules[1].annotations.summary": 23, "alerts.rules[1].annotations.description": 26,
		"alerts.hooks[0].tables[1].k": 28,
	} {
		if got[path] != line {
			t.Errorf("%s: line %d, want %d", path, got[path], line)
		}
	}
	for _, none := range []string{"not", "nor.a.table", "alerts.rules[1].expr"} {
		if got[none] != 0 {
			t.Errorf("%s found at line %d, but it is text", none, got[none])
		}
	}
}

// FuzzKeyLines checks that the scan ends on any input, and that on TOML it
// finds every top-level key that the library finds.
func FuzzKeyLines(f *testing.F) {
	for _, seed := range []string{"a=1", "[[a]]\nb={c=[1,{d=2}]}", "a='''\n''''\nb=1", "\"a\\\"b\"=1", "[a.\"b.c\"]", "a = [[", "x=\"\\", "=\n[", "{"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := keyLines(text)
		var doc map[string]any
		if _, err := toml.Decode(text, &doc); err != nil {
			return
		}
		for key := range doc {
			plain := key != ""
			for i := range len(key) {
				plain = plain && isBareKey(key[i])
			}
			_, one := got[key]
			_, many := got[indexed(key, 0)]
			if plain && !one && !many {
				t.Errorf("key %q of %q not found", key, text)
			}
		}
	})
}
