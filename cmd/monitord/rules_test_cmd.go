package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"monitord/alerts/trial"
	"monitord/cmd/monitord/clean"
	"monitord/cmd/monitord/config"
)

const rulesTestLong = `Run unit tests of rules: made-up series, and what is to fire at which time.

A test file is promtool's own YAML, or the same keys in TOML, where the rules may
stand beside the tests as [[rules]]. The semantics are those of Prometheus 3: all
rules are evaluated at each evaluation_interval, a range is open to the left, an
instant looks back five minutes, and holes in the samples are nothing special.

Ends with 0 when all tests pass, 1 when one does not or a file has faults, 2 for
wrong usage.`

const rulesTestExample = `  monitord rules test rules.d/*_test.toml
  monitord rules test alerts_test.yml --run 'disk|memory'
  monitord rules test *_test.yml -o json | jq -r 'select(.ok | not) | .file'

  # disk_test.toml:
  [[rules]]
  name = "DiskFull"
  expr = "avail / size < 0.1"
  for = "5m"
  [[tests]]
  interval = "1m"
  input_series = [
    { series = "avail", values = "50 9x10" },   # 50 and then eleven times 9
    { series = "size", values = "100x20" },
  ]
  [[tests.alert_rule_test]]
  alertname = "DiskFull"
  eval_time = "6m"
  exp_alerts = [{}]`

func newRulesTestCommand() *cobra.Command {
	var run []string
	var output string
	cmd := &cobra.Command{
		Use:     "test FILE...",
		Short:   "Run unit tests of rules, in promtool's format or in TOML",
		Long:    rulesTestLong,
		Example: rulesTestExample,
		Args:    cobra.MinimumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"toml", "yml", "yaml"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			if !slices.Contains([]string{"", "text", "json", "junit"}, output) {
				return &exitError{exitUsage, fmt.Errorf("--output is %q, must be text, json or junit", output)}
			}
			only, err := regexp.Compile(strings.Join(run, "|"))
			if err != nil {
				return &exitError{exitUsage, fmt.Errorf("--run: %w", err)}
			}
			t := &ruleTester{only: only, format: output, out: cmd.OutOrStdout(), errs: cmd.ErrOrStderr()}
			return t.files(cmd.Context(), files)
		},
	}
	cmd.Flags().StringArrayVar(&run, "run", nil, "run only tests whose name matches a `regexp`; may repeat; absent: all")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`format`: text, json (a line for each file) or junit (XML, for continuous integration); empty: text")
	return cmd
}

// A ruleTester runs files of unit tests and reports on each.
type ruleTester struct {
	only      *regexp.Regexp
	format    string
	out, errs io.Writer
}

// testReport is what came of a file.
type testReport struct {
	File     string        `json:"file"`
	OK       bool          `json:"ok"`
	Tests    int           `json:"tests"`  // that were run
	Failed   int           `json:"failed"` // of these
	Faults   []string      `json:"faults,omitempty"`
	Failures []testFailure `json:"failures,omitempty"` // in the order of their lines

	names   []string // of the tests that were run
	skipped int      // tests that were not
}

type testFailure struct {
	Line int    `json:"line,omitempty"`
	Test string `json:"test"`
	What string `json:"what"`
	Text string `json:"text"`

	of int // index of the test among those that were run
}

func (t *ruleTester) files(ctx context.Context, files []string) error {
	good, ran, all := true, 0, junitReport{}
	for _, name := range files {
		report, err := t.file(ctx, name)
		if errors.Is(err, context.Canceled) {
			return &exitError{exitInterrupted, nil}
		}
		if err != nil {
			return &exitError{exitFailed, fmt.Errorf("%s: %w", name, err)}
		}
		good, ran = good && report.OK, ran+report.Tests
		if t.format == "junit" {
			all.add(report)
		} else if err := t.print(report); err != nil {
			return &exitError{exitFailed, err}
		}
	}
	if t.format == "junit" {
		if err := all.write(t.out); err != nil {
			return &exitError{exitFailed, err}
		}
	}
	if good && ran == 0 {
		fmt.Fprintln(t.errs, "monitord: no test was run: --run fits the name of none, or the files have none")
	}
	if !good {
		return &exitError{code: exitFailed}
	}
	return nil
}

func (t *ruleTester) file(ctx context.Context, name string) (testReport, error) {
	report := testReport{File: name}
	f, faults := loadTestFile(name)
	for _, fault := range faults {
		report.Faults = append(report.Faults, config.Line(fault))
	}
	if len(faults) > 0 {
		return report, nil
	}
	for _, w := range f.warnings {
		fmt.Fprintln(t.errs, "monitord: warning:", clean.Text(w))
	}
	for i := range f.Tests {
		if !t.only.MatchString(f.Tests[i].Name) {
			report.skipped++
			continue
		}
		failures, err := f.Run(ctx, i, f.groups)
		if err != nil {
			return report, err
		}
		report.Tests++
		if len(failures) > 0 {
			report.Failed++
		}
		for _, failure := range failures {
			one := f.failure(i, failure)
			one.of = len(report.names)
			report.Failures = append(report.Failures, one)
		}
		report.names = append(report.names, f.name(i))
	}
	slices.SortStableFunc(report.Failures, func(a, b testFailure) int { return cmp.Or(cmp.Compare(a.of, b.of), cmp.Compare(a.Line, b.Line)) })
	report.OK = report.Failed == 0
	return report, nil
}

// failure finds the line of a failure and names its test.
func (f *testFile) failure(i int, failure trial.Failure) testFailure {
	return testFailure{Line: f.doc.Line(failure.Path), Test: f.name(i), What: failure.What, Text: failure.Text}
}

// name is what a test is called.
func (f *testFile) name(i int) string {
	if name := f.Tests[i].Name; name != "" {
		return name
	}
	return fmt.Sprintf("unnamed %d", i+1)
}

func (t *ruleTester) print(r testReport) error {
	if t.format == "json" {
		return printJSON(t.out, r)
	}
	var b strings.Builder
	file := clean.Text(r.File)
	switch {
	case len(r.Faults) > 0:
		fmt.Fprintf(&b, "%s: FAILED, it cannot be used\n", file)
		for _, fault := range r.Faults {
			b.WriteString("  " + clean.Text(fault) + "\n")
		}
	case r.OK:
		fmt.Fprintf(&b, "%s: SUCCESS (%s)\n", file, count(r.Tests, "test"))
	default:
		fmt.Fprintf(&b, "%s: FAILED (%d of %s)\n", file, r.Failed, count(r.Tests, "test"))
		for _, f := range r.Failures {
			fmt.Fprintf(&b, "  %s:%d: test %q: %s\n", file, f.Line, f.Test, clean.Text(f.What))
			for line := range strings.Lines(f.Text) {
				b.WriteString("    " + clean.Text(strings.TrimSuffix(line, "\n")) + "\n")
			}
		}
	}
	_, err := io.WriteString(t.out, b.String())
	return err
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
