package main

import (
	_ "embed"
	"os"
	"strings"
	"testing"

	"monitord/cmd/monitord/config"
)

//go:embed testdata/nginx.conf
var nginxConf string

//go:embed testdata/signature.py
var signaturePython string

//go:embed testdata/disk_test.toml
var diskTestTOML string

// What the README tells people to write is what is tested.
func TestReadmeHasWhatIsTested(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "```nginx\n"+nginxConf+"```\n") {
		t.Error("the nginx snippet in README.md is not testdata/nginx.conf")
	}
	if !strings.Contains(string(text), "```toml\n"+diskTestTOML+"```\n") {
		t.Error("the unit test in README.md is not testdata/disk_test.toml")
	}
	if !strings.Contains(string(text), "```python\n"+signaturePython+"```\n") {
		t.Error("the python snippet in README.md is not testdata/signature.py")
	}
}

func TestReadmeNamesEveryDefaultRule(t *testing.T) {
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	rules, _ := config.DefaultRules()
	for _, r := range rules {
		if !strings.Contains(string(text), "`"+r.Name+"`") {
			t.Errorf("%s is not in the README", r.Name)
		}
	}
}
