package main

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"monitord/cmd/monitord/clean"
)

func newSilenceUpdateCommand() *cobra.Command {
	var at, comment string
	var times silenceTimes
	cmd := &cobra.Command{
		Use:   "update ID...",
		Short: "Make silences longer or shorter, or change their comment",
		Long: `update changes silences and prints the IDs that they have then: one that is
changed in more than its end and comment is replaced. One that has expired begins
again under a new ID.`,
		Example: `  monitord silence update 0b5cbf1e-9d4e-4a5b-8a8e-6a3f2b1c0d9e --duration 2h   # two hours from now`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("say which silences: write the ID of one, from monitord silence list")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, ids []string) error {
			start, end, duration, err := times.read(cmd)
			if err != nil {
				return err
			}
			if start.IsZero() && end.IsZero() && duration == 0 && !cmd.Flags().Changed("comment") {
				return &exitError{exitUsage, errors.New("nothing to change: give --duration, --end, --start or --comment")}
			}
			r, err := newRemote(at)
			if err != nil {
				return err
			}
			for _, id := range ids {
				s, err := r.silence(cmd, id)
				if err != nil {
					return err
				}
				if !start.IsZero() {
					s.StartsAt = start
				}
				if !end.IsZero() {
					s.EndsAt = end
				} else if duration > 0 {
					from := time.Now()
					if s.StartsAt.After(from) {
						from = s.StartsAt
					}
					s.EndsAt = from.Add(duration)
				}
				if cmd.Flags().Changed("comment") {
					s.Comment = comment
				}
				now, err := r.postSilence(cmd.Context(), s)
				if err != nil {
					return err
				}
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), clean.Text(now)); err != nil {
					return err
				}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	times.add(cmd, "", "as it is", "; empty: as it is")
	flags.StringVarP(&comment, "comment", "c", "", "`why`; absent: as it is")
	addURLFlag(flags, &at)
	return cmd
}

func (r *remote) silence(cmd *cobra.Command, id string) (apiSilence, error) {
	var s apiSilence
	err := r.call(cmd.Context(), "GET", "/api/v2/silence/"+url.PathEscape(id), nil, nil, &s)
	return s, notThere(err, id)
}

// notThere says which silence it was that the daemon does not know.
func notThere(err error, id string) error {
	var exit *exitError
	if errors.As(err, &exit) && exit.code == exitFailed {
		return &exitError{exitFailed, fmt.Errorf("silence %s: %w", clean.Text(id), exit.err)}
	}
	return err
}
