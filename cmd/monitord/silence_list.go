package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"monitord/cmd/monitord/clean"
)

func newSilenceListCommand() *cobra.Command {
	var at, output string
	var expired, quiet bool
	cmd := &cobra.Command{
		Use:   "list [MATCHER]...",
		Short: "List the silences in force and those to come",
		Long: `list shows the silences in force and those to come, those of the configuration
among them. Matchers choose among them by what they match: severity=warning finds
the silences with that matcher.`,
		Example: `  monitord silence list
  monitord silence list severity=warning --expired
  monitord silence list -o json | jq -r '.[].id'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			matchers, err := matcherArgs(args)
			if err != nil {
				return err
			}
			r, err := newRemote(at)
			if err != nil {
				return err
			}
			var found, all []apiSilence
			if err := r.call(cmd.Context(), "GET", silencesPath, filterOf(matchers), nil, &found); err != nil {
				return err
			}
			for _, s := range found {
				if expired || s.state() != "expired" {
					all = append(all, s)
				}
			}
			return printSilences(cmd.OutOrStdout(), all, output, quiet)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&expired, "expired", false, "those that expired in the last five days, too")
	flags.BoolVarP(&quiet, "quiet", "q", false, "only the IDs")
	outputFlag(cmd, &output)
	addURLFlag(flags, &at)
	return cmd
}

func printSilences(w io.Writer, all []apiSilence, output string, quiet bool) error {
	switch {
	case quiet:
		for _, s := range all {
			if _, err := fmt.Fprintln(w, clean.Text(s.ID)); err != nil {
				return err
			}
		}
		return nil
	case output == "json":
		return printJSON(w, append([]apiSilence{}, all...))
	case len(all) == 0:
		return nil
	}
	rows := [][]segment{{{"ID", ""}, {"STATE", ""}, {"WHEN", ""}, {"MATCHERS", ""}, {"BY", ""}, {"COMMENT", ""}}}
	now := time.Now()
	for _, s := range all {
		var texts []string
		for _, m := range s.Matchers {
			texts = append(texts, m.String())
		}
		by := s.CreatedBy
		if s.Name != "" {
			by += " " + s.Name
		}
		rows = append(rows, []segment{
			{clean.Text(s.ID), ""}, {clean.Text(s.state()), ""}, {s.when(now), ""},
			{clean.Text(strings.Join(texts, " ")), ""}, {clean.Text(by), ""}, {clean.Text(s.Comment), ""},
		})
	}
	return printTable(w, rows)
}

// when says what is to come next, or was last.
func (s *apiSilence) when(now time.Time) string {
	switch s.state() {
	case "pending":
		return "begins in " + roughly(s.StartsAt.Sub(now))
	case "expired":
		return "ended " + roughly(now.Sub(s.EndsAt)) + " ago"
	}
	return "ends in " + roughly(s.EndsAt.Sub(now))
}
