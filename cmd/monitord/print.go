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

// What the commands that ask once and print the answer have in common.

func outputFlag(cmd *cobra.Command, output *string) {
	cmd.Flags().StringVarP(output, "output", "o", "table", "`format`: table or json")
}

func checkOutput(output string) error {
	if output != "table" && output != "json" {
		return &exitError{exitUsage, fmt.Errorf("--output is %q, must be table or json", output)}
	}
	return nil
}

func cells(texts ...string) []segment {
	row := make([]segment, len(texts))
	for i, text := range texts {
		row[i].text = text
	}
	return row
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

func agoText(t *time.Time, now time.Time) string {
	if t == nil || t.IsZero() {
		return "-"
	}
	return roughly(now.Sub(*t)) + " ago"
}
