package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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
		{[]string{"run", "--bogus"}, exitUsage, "", "--bogus\nTry 'monitord run --help'."},
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

type fullOutput struct{}

func (fullOutput) Write([]byte) (int, error) { return 0, syscall.ENOSPC }

// TestFullOutput: what cannot be written is no fault of usage.
func TestFullOutput(t *testing.T) {
	daemon := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/silence/") {
			fmt.Fprint(w, `{"id":"a"}`)
			return
		}
		fmt.Fprint(w, `{"status":"success","data":[{}],"silenceID":"a"}`)
	}))
	defer daemon.Close()
	t.Setenv("MONITORD_URL", daemon.URL)
	for _, args := range [][]string{
		{"version"}, {"check", "--effective"}, {"hook", "list"}, {"silence", "add", "x", "-c", "y"}, {"silence", "update", "x", "-c", "y"},
	} {
		var stderr bytes.Buffer
		if code := execute(t.Context(), args, fullOutput{}, &stderr); code != exitFailed || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("monitord %s: exit code %d, %s", strings.Join(args, " "), code, &stderr)
		}
	}
}

// TestHelpIsWhole: every command says what it does and gives an example, every flag
// what it is without a value of its own.
func TestHelpIsWhole(t *testing.T) {
	var visit func(cmd *cobra.Command)
	visit = func(cmd *cobra.Command) {
		if cmd.Hidden {
			return
		}
		if cmd.Short == "" || cmd.Example == "" {
			t.Errorf("%s has no summary or no example", cmd.CommandPath())
		}
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
			told := slices.ContainsFunc([]string{"empty: ", "absent: ", "0: ", "may repeat", "may be repeated", "must be given", "in place of"}, func(word string) bool { return strings.Contains(f.Usage, word) })
			zero := slices.Contains([]string{"", "0", "[]"}, f.DefValue)
			if f.Usage == "" || zero && !told && f.Name != "url" {
				t.Errorf("%s --%s says %q", cmd.CommandPath(), f.Name, f.Usage)
			}
		})
		for _, below := range cmd.Commands() {
			visit(below)
		}
	}
	visit(newRootCommand())
}
