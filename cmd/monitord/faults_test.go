package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"monitord/cmd/monitord/clean"
)

// TestFaultsAreSafeForATerminal: names of files and keys are written without their
// control bytes, each fault on a line of its own.
func TestFaultsAreSafeForATerminal(t *testing.T) {
	const odd = "a\x1b[31mx\x07y\u009b\n.toml"
	writeFiles(t, map[string]string{
		odd:                    "nonsense = 1\n\"k\\u001b[2J\" = 1\n",
		"monitord.toml":        "",
		"rules.d/\x1b]0;t.yml": "groups:\n- name: g\n  rules: [{alert: A, expr: 'sum('}]\n",
		"tests\x1b.toml":       "rule_files = [\"a\\u001b.toml\"]\n[[tests]]\n",
	})
	for _, args := range [][]string{
		{"check", "--config", odd},
		{"check", "--config", "none\x1b.toml"},
		{"check", "--config", "monitord.toml"},
		{"run", "--config", odd},
		{"rules", "test", "tests\x1b.toml"},
		{"rules", "replay", "none\x1b.toml"},
		{"alerts", "--url", "unix:/none\x1b"},
		{"check", "\x1b[2J"},
	} {
		var out, errs strings.Builder
		if code := execute(t.Context(), args, &out, &errs); code == exitDone {
			t.Errorf("%q: no fault", args)
		}
		said := out.String() + errs.String()
		if said == "" || clean.Lines(said) != said {
			t.Errorf("%q: said %q", args, said)
		}
	}
	out, _ := runCommand(t, exitConfig, "check", "--config", odd)
	if n := strings.Count(out, "\n"); n != 3 {
		t.Errorf("%d lines for three faults: %q", n, out)
	}
}

// TestRulesTestMissesARuleFile: a file that is named, not meant by a pattern, has to
// be there, also beside others.
func TestRulesTestMissesARuleFile(t *testing.T) {
	const tests = "tests:\n- interval: 1m\n  input_series: [{series: up, values: 0+1x3}]\n"
	writeFiles(t, map[string]string{
		"rules.yml": "groups: []",
		"alone.yml": "rule_files: [missing.yml]\n" + tests,
		"two.yml":   "rule_files:\n- rules.yml\n- missing.yml\n" + tests,
		"any.yml":   "rule_files: [\"none*.yml\"]\n" + tests,
	})
	for name, line := range map[string]int{"alone.yml": 1, "two.yml": 3} {
		out, _ := runCommand(t, exitFailed, "rules", "test", name)
		if want := fmt.Sprintf(`  %s:%d: rule_files[%d]: is "missing.yml", which cannot be read (no such file or directory), correct`, name, line, line/2); !strings.Contains(out, want) {
			t.Errorf("said %q, want %q", out, want)
		}
	}
	if _, errs := runCommand(t, exitDone, "rules", "test", "any.yml"); !strings.Contains(errs, `no file matches "none*.yml"`) {
		t.Errorf("said %q", errs)
	}
}

// TestOtherServersAreNamed: what is no monitord is said to be none, by every command
// that asks.
func TestOtherServersAreNamed(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"another shape": func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, `{"status":"success","data":"x","silenceID":1}`)
		},
		"page":    func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") },
		"nothing": func(http.ResponseWriter, *http.Request) {},
		"missing": http.NotFound,
		"gone": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusGone)
			fmt.Fprint(w, `{"error":"v1 is no more"}`)
		},
		"gateway": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprint(w, "<html>\x1b[2J")
		},
	} {
		server := httptest.NewServer(answer)
		for _, args := range [][]string{
			{"alerts"}, {"silence", "list"}, {"silence", "add", "A", "-c", "x"}, {"hook", "list"}, {"hook", "test", "x"},
		} {
			_, errs := runCommand(t, exitFailed, append(args, "--url", server.URL)...)
			if !strings.HasPrefix(errs, "monitord: what answers at "+server.URL+" is no monitord, or one of another version (") || strings.Contains(errs, "json:") {
				t.Errorf("%s, %v: said %q", name, args, errs)
			}
		}
		server.Close()
	}
}
