package main

import (
	"fmt"
	"io"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

	"monitord/alerts/hooks"
	"monitord/cmd/monitord/clean"
)

func newHookRetryCommand() *cobra.Command {
	var at, output string
	var seq uint64
	cmd := &cobra.Command{
		Use:   "retry NAME",
		Short: "Try again now what waits after a failure and what was given up",
		Long: `retry has a hook try again now: the deliveries that wait after a failed attempt, and
those that were given up, for as long again as give_up says. The receiver finds the
same Idempotency-Key as before. It prints how many deliveries that is.

What was given up is told as it was, though it may be over: a firing whose resolved
the receiver has had long since, too. What is true now is then said once more behind
it, as a repeat, whose Idempotency-Key ends in -rN: the last that a receiver hears of
an alert is how the alert is. Where that cannot be had, a delivery stays given up, and
the command says which and why. It ends with 1 if it could retry none of those asked for.`,
		Example: `  monitord hook retry ops
  monitord hook retry ops --seq 1042`,
		Args: oneHook,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			query := url.Values{}
			if cmd.Flags().Changed("seq") {
				query.Set("seq", strconv.FormatUint(seq, 10))
			}
			r, err := newRemote(at)
			if err != nil {
				return err
			}
			var done hooks.Retried
			if err := r.hook(cmd.Context(), "POST", query, &done, args[0], "retry"); err != nil {
				return err
			}
			if output == "json" {
				err = printJSON(cmd.OutOrStdout(), done)
			} else {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), done.Retried)
				explainRetry(cmd.ErrOrStderr(), clean.Text(args[0]), done)
			}
			if err == nil && done.Retried == 0 && len(done.Left) > 0 {
				return &exitError{exitFailed, fmt.Errorf("hook %s: nothing is retried", clean.Text(args[0]))}
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Uint64Var(&seq, "seq", 0, "only the delivery of the event with that `number`; absent: all")
	outputFlag(cmd, &output)
	addURLFlag(flags, &at)
	return cmd
}

// leftLines is how many of the deliveries that stay given up are named.
const leftLines = 20

// explainRetry says what a retry has come to, beside the number.
func explainRetry(w io.Writer, hook string, done hooks.Retried) {
	switch {
	case done.Retried > 0:
		fmt.Fprintf(w, "deliveries are tried again now: monitord hook list %s shows how it goes\n", hook)
	case len(done.Left) == 0:
		fmt.Fprintf(w, "nothing of hook %s waits after a failure, and nothing was given up\n", hook)
	}
	switch done.Followed {
	case 0:
	case 1:
		fmt.Fprintln(w, "of 1 alert the receiver has heard more since: how it is now is said again behind it")
	default:
		fmt.Fprintf(w, "of %d alerts the receiver has heard more since: how they are now is said again behind it\n", done.Followed)
	}
	for i, l := range done.Left {
		if i == leftLines {
			fmt.Fprintf(w, "and %d more stay given up: -o json names them\n", len(done.Left)-i)
			break
		}
		repeat := ""
		if l.Repeat > 0 {
			repeat = fmt.Sprintf(" (repeat %d)", l.Repeat)
		}
		fmt.Fprintf(w, "event %d%s stays given up: %s\n", l.Seq, repeat, clean.Text(l.Reason))
	}
}
