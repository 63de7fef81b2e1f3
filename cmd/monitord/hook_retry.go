package main

import (
	"fmt"
	"net/url"
	"strconv"

	"github.com/spf13/cobra"

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
same Idempotency-Key as before. It prints how many deliveries that is.`,
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
			var done struct {
				Retried int `json:"retried"`
			}
			if err := r.hook(cmd.Context(), "POST", query, &done, args[0], "retry"); err != nil {
				return err
			}
			if output == "json" {
				return printJSON(cmd.OutOrStdout(), done)
			}
			if _, err := fmt.Fprintln(cmd.OutOrStdout(), done.Retried); err != nil {
				return err
			}
			said := "deliveries are tried again now: monitord hook list %s shows how it goes\n"
			if done.Retried == 0 {
				said = "nothing of hook %s waits after a failure, and nothing was given up\n"
			}
			fmt.Fprintf(cmd.ErrOrStderr(), said, clean.Text(args[0]))
			return nil
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.Uint64Var(&seq, "seq", 0, "only the delivery of the event with that `number`; absent: all")
	outputFlag(cmd, &output)
	addURLFlag(flags, &at)
	return cmd
}
