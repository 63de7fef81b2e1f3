package main

import (
	"encoding/json"
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

// roughly writes a duration with its two largest units.
func roughly(d time.Duration) string {
	d = max(d, 0).Round(time.Second)
	days, d := d/(24*time.Hour), d%(24*time.Hour)
	hours, d := d/time.Hour, d%time.Hour
	minutes, seconds := d/time.Minute, d%time.Minute/time.Second
	switch {
	case days > 0:
		return fmt.Sprintf("%dd %dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh %dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm %ds", minutes, seconds)
	}
	return fmt.Sprintf("%ds", seconds)
}

// printTable writes rows whose cells have been cleaned, without indent.
func printTable(w io.Writer, rows [][]segment) error {
	for _, line := range align(rows, -1) {
		var b strings.Builder
		for _, s := range line {
			b.WriteString(s.text)
		}
		if _, err := fmt.Fprintln(w, strings.TrimPrefix(b.String(), "  ")); err != nil {
			return err
		}
	}
	return nil
}

// printJSON writes what came from the daemon so that a terminal obeys none of it.
func printJSON(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return &exitError{exitFailed, err}
	}
	_, err = fmt.Fprintf(w, "%s\n", clean.JSON(b))
	return err
}
