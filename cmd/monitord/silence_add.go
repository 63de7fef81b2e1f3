package main

import (
	"errors"
	"fmt"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"monitord/cmd/monitord/clean"
)

func newSilenceAddCommand() *cobra.Command {
	var at, author, comment string
	var times silenceTimes
	cmd := &cobra.Command{
		Use:   "add MATCHER...",
		Short: "Make a silence and print its ID",
		Long: `add makes a silence and prints its ID. It is on the daemon's disk then, and in
force at the next tick. Those that it silences are told again when it ends, if
they still fire.`,
		Example: `  monitord silence add DiskFillsInFourHours mountpoint=/srv --comment 'moving files'
  monitord silence add 'severity=~"warning|info"' --start '2026-12-24 18:00' --end '2026-12-27 06:00' --comment holidays`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("say which alerts: write at least one matcher, such as DiskFillsInFourHours or severity=warning")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if comment == "" {
				return &exitError{exitUsage, errors.New("--comment is missing: say why, for those who will look at it")}
			}
			s := apiSilence{CreatedBy: author, Comment: comment}
			var err error
			if s.Matchers, err = matcherArgs(args); err != nil {
				return err
			}
			var duration time.Duration
			if s.StartsAt, s.EndsAt, duration, err = times.read(cmd); err != nil {
				return err
			}
			if s.StartsAt.IsZero() {
				s.StartsAt = time.Now()
			}
			if s.EndsAt.IsZero() {
				s.EndsAt = s.StartsAt.Add(duration)
			}
			r, err := newRemote(at)
			if err != nil {
				return err
			}
			id, err := r.postSilence(cmd.Context(), s)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), clean.Text(id))
			return err
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	times.add(cmd, "1h", "now", "")
	flags.StringVarP(&comment, "comment", "c", "", "`why`, for those who will look at it; must be given")
	flags.StringVarP(&author, "author", "a", userName(), "`who` makes it")
	addURLFlag(flags, &at)
	return cmd
}

// userName is who runs the program, empty if that is not known.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}
