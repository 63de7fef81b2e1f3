package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"monitord/cmd/monitord/clean"
)

// Exit codes of every command.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitNotAllowed  = 4
	exitNoConnect   = 5
	exitConfig      = 78 // EX_CONFIG of sysexits.h; the unit does not restart on it
	exitTimedOut    = 124
	exitInterrupted = 130
)

// An exitError ends the program with a code of its own. With a nil err nothing
// is printed: the command has said what there was to say.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// execute runs one command line and returns its exit code.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRootCommand()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.err != nil {
			fmt.Fprintln(stderr, "monitord:", clean.Lines(exit.err.Error()))
		}
		return exit.code
	}
	// What is left comes from the parser of the command line.
	fmt.Fprintf(stderr, "monitord: %s\nTry '%s --help'.\n", clean.Lines(err.Error()), cmd.CommandPath())
	return exitUsage
}

func newRootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "monitord",
		Short: "Watch a host: sample it, keep the history, alert, and stream to whoever looks",
		Long: `monitord samples this host every second, keeps the history, evaluates alert
rules written in TOML or in Prometheus' YAML, and pushes samples and alerts to
whoever watches.`,
		Example: `  monitord run                              # the daemon, then open http://127.0.0.1:6455/
  monitord check --config monitord.toml     # every fault of a configuration
  monitord watch node_load1                 # a query, live
  monitord watch --alerts --after 0         # every alert there was, then those to come
  monitord alerts severity=critical         # what is pending or firing now
  monitord silence add DiskFull -c moving   # no hook is told of it for an hour`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.CompletionOptions.HiddenDefaultCmd = false
	root.AddCommand(newRunCommand(), newCheckCommand(), newWatchCommand(), newRulesCommand(), newAlertsCommand(), newSilenceCommand(), newHookCommand(), newVersionCommand(), newHelperCommand())
	failing(root)
	root.SetHelpCommand(&cobra.Command{Hidden: true, Use: "no-help"})
	return root
}

// failing has a command, and those below it, end with 1 for an error without a code
// of its own, such as an output that takes nothing: it is no fault of usage.
func failing(cmd *cobra.Command) {
	if run := cmd.RunE; run != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			err := run(cmd, args)
			var exit *exitError
			if err == nil || errors.As(err, &exit) {
				return err
			}
			return &exitError{exitFailed, err}
		}
	}
	for _, below := range cmd.Commands() {
		failing(below)
	}
}
