package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"monitord/alerts/hooks"
	"monitord/cmd/monitord/clean"
	"monitord/cmd/monitord/config"
)

// tryTimeout is how long a test may take: longer than the daemon takes at most.
const tryTimeout = 110 * time.Second

func newHookTestCommand() *cobra.Command {
	var at, output, config string
	var test hooks.Test
	cmd := &cobra.Command{
		Use:   "test NAME",
		Short: "Send a test alert through a hook, and show request, answer and time",
		Long: `test sends an alert that does not exist, MonitordTest, through a hook as it is
configured, at once, and shows what was sent, what came back and how long it took;
secrets are masked. Through a hook that sends heartbeats it sends one. The daemon does it or, with --config, the command itself, with a
configuration that need not be in force. It ends with 1 if it failed.`,
		Example: `  monitord hook test ops
  monitord hook test ops --severity warning --resolved
  monitord hook test ops --config monitord.toml      # before the daemon is started`,
		Args: oneHook,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			var res hooks.TestResult
			var err error
			if config != "" {
				res, err = tryAlone(cmd, config, args[0], test)
			} else {
				res, err = tryRemote(cmd.Context(), at, args[0], test)
			}
			if err != nil {
				return err
			}
			if output == "json" {
				err = printJSON(cmd.OutOrStdout(), res)
			} else {
				err = printTest(cmd.OutOrStdout(), res)
			}
			if err == nil && res.Error != "" {
				return &exitError{exitFailed, fmt.Errorf("hook %s: %s", clean.Text(res.Hook), clean.Text(res.Error))}
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&test.Severity, "severity", "critical", "the alert's `severity`: its label of that name")
	flags.BoolVar(&test.Resolved, "resolved", false, "send the end of an alert, not its beginning")
	flags.StringVar(&config, "config", "", "send it from here, with the hook of a configuration `FILE`; empty: the daemon does it, with the one in force")
	outputFlag(cmd, &output)
	addURLFlag(flags, &at)
	cmd.MarkFlagsMutuallyExclusive("config", "url")
	return cmd
}

func tryRemote(ctx context.Context, at, name string, test hooks.Test) (hooks.TestResult, error) {
	var res hooks.TestResult
	r, err := newRemote(at)
	if err != nil {
		return res, err
	}
	r.client.Timeout = tryTimeout
	query := url.Values{"severity": {test.Severity}}
	if test.Resolved {
		query.Set("resolved", "1")
	}
	err = r.hook(ctx, "POST", query, &res, name, "test")
	return res, err
}

func tryAlone(cmd *cobra.Command, path, name string, test hooks.Test) (hooks.TestResult, error) {
	c, err := config.Find(path, nil).Load()
	var faulty *config.Error
	if errors.As(err, &faulty) {
		fmt.Fprintln(cmd.ErrOrStderr(), faulty)
		return hooks.TestResult{}, &exitError{code: exitConfig}
	}
	if err != nil {
		return hooks.TestResult{}, &exitError{exitFailed, err}
	}
	o := hooks.Options{Instance: c.Host(), Version: version, ExternalURL: c.Server.ExternalURL}
	res, err := hooks.TestAlone(cmd.Context(), c.Alerts.Hooks, name, o, test)
	if cmd.Context().Err() != nil {
		return res, &exitError{exitInterrupted, nil}
	}
	if errors.Is(err, hooks.ErrNoHook) {
		err = fmt.Errorf("%s: %w", path, err)
	}
	if err != nil {
		return res, &exitError{exitFailed, err}
	}
	return res, nil
}

func printTest(w io.Writer, res hooks.TestResult) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s\n", clean.Text(res.Hook), clean.Text(res.Type), clean.Text(res.Target))
	for _, part := range []struct{ mark, text string }{{">", res.Request}, {"<", res.Answer}} {
		if part.text == "" {
			continue
		}
		b.WriteString("\n")
		for line := range strings.Lines(part.text) {
			line = strings.ReplaceAll(strings.TrimSuffix(line, "\n"), "\t", "    ")
			b.WriteString(strings.TrimRight(part.mark+" "+clean.Text(line), " ") + "\n")
		}
	}
	how, then := "delivered", ""
	switch {
	case res.Error != "" && res.Permanent:
		how, then = "failed", ": a delivery would be given up at once"
	case res.Error != "":
		how, then = "failed", ": a delivery would be tried again"
	}
	fmt.Fprintf(&b, "\n%s after %v%s\n", how, time.Duration(res.Took*float64(time.Second)).Round(100*time.Microsecond), then)
	_, err := io.WriteString(w, b.String())
	return err
}
