package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	for _, tt := range []struct {
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{[]string{"version"}, exitDone, "monitord ", ""},
		{[]string{"--help"}, exitDone, "monitord watch", ""},
		{[]string{"check", "--help"}, exitDone, "--effective", ""},
		{[]string{"completion", "bash"}, exitDone, "bash completion", ""},
		{[]string{"wach"}, exitUsage, "", "watch"},
		{[]string{"run", "--bogus"}, exitUsage, "", "--bogus"},
		{[]string{"version", "extra"}, exitUsage, "", "extra"},
		{[]string{"check", "--config", "no/such/file"}, exitConfig, "no/such/file: cannot be read", ""},
		{[]string{"run", "--config", "no/such/file"}, exitConfig, "", "no/such/file: cannot be read"},
		{[]string{"run", "--listen", "0.0.0.0:1"}, exitConfig, "", "no authentication yet"},
		{[]string{"watch", "-o", "xml"}, exitUsage, "", "xml"},
	} {
		var stdout, stderr bytes.Buffer
		code := execute(t.Context(), tt.args, &stdout, &stderr)
		if code != tt.code || !strings.Contains(stdout.String(), tt.stdout) || !strings.Contains(stderr.String(), tt.stderr) {
			t.Errorf("monitord %s: exit code %d, want %d\n%s%s", strings.Join(tt.args, " "), code, tt.code, &stdout, &stderr)
		}
	}
}
