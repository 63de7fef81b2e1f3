package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"monitord/alerts/hooks"
	"monitord/cmd/monitord/clean"
)

func newHookListCommand() *cobra.Command {
	var at, output string
	cmd := &cobra.Command{
		Use:   "list [NAME]",
		Short: "List the hooks, what waits to be delivered, and what was given up",
		Long: `list shows every hook and, below, deliveries that wait and those that were given up
(dead letters; the newest 1,000 of a hook are kept). Of all hooks it shows the first
100 of either, of one hook all. Counts are since the daemon was started; for a hook
that sends heartbeats, DELIVERED counts these.

States: ok; waiting, deliveries do; failing, the last attempt at one of them failed, or
the last of all, which was given up; limited, max_per_minute holds them back.`,
		Example: `  monitord hook list
  monitord hook list ops
  monitord hook list -o json | jq '.[] | select(.state == "failing").name'`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			r, err := newRemote(at)
			if err != nil {
				return err
			}
			var list []hooks.Status
			if err := r.hook(cmd.Context(), "GET", nil, &list, args...); err != nil {
				return err
			}
			if output == "json" {
				return printJSON(cmd.OutOrStdout(), list)
			}
			return printHooks(cmd.OutOrStdout(), list, time.Now())
		},
	}
	cmd.Flags().SortFlags = false
	outputFlag(cmd, &output)
	addURLFlag(cmd.Flags(), &at)
	return cmd
}

func printHooks(w io.Writer, list []hooks.Status, now time.Time) error {
	if len(list) == 0 {
		return nil
	}
	rows := [][]segment{cells("NAME", "TYPE", "TARGET", "STATE", "DELIVERED", "WAITING", "DEAD", "LAST")}
	waiting := [][]segment{cells("HOOK", "SEQ", "ALERT", "EVENT", "SINCE", "ATTEMPTS", "NEXT", "ERROR")}
	dead := [][]segment{cells("HOOK", "SEQ", "ALERT", "EVENT", "GIVEN UP", "ATTEMPTS", "ERROR")}
	hidden := 0
	for _, h := range list {
		rows = append(rows, cells(clean.Text(h.Name), clean.Text(h.Type), clean.Text(h.Target), clean.Text(h.State),
			deliveredText(h), fmt.Sprint(h.WaitingTotal), fmt.Sprint(h.DeadTotal), lastText(h, now)))
		for _, d := range h.Waiting {
			waiting = append(waiting, cells(clean.Text(h.Name), seqText(d.Seq), alertText(d.Content), clean.Text(d.Status),
				agoText(d.At, now), fmt.Sprint(d.Attempts), nextText(d, now), clean.Text(d.Error)))
		}
		for _, l := range h.Dead {
			dead = append(dead, cells(clean.Text(h.Name), seqText(l.Seq), alertText(l.Content), clean.Text(l.Status),
				agoText(&l.GivenUp, now), fmt.Sprint(l.Attempts), clean.Text(l.Error)))
		}
		hidden += h.WaitingTotal - len(h.Waiting) + h.DeadTotal - len(h.Dead)
	}
	if err := printTable(w, rows); err != nil {
		return err
	}
	for _, part := range []struct {
		title string
		rows  [][]segment
	}{{"Waiting", waiting}, {"Given up", dead}} {
		if len(part.rows) == 1 {
			continue
		}
		if _, err := fmt.Fprintf(w, "\n%s\n", part.title); err != nil {
			return err
		}
		if err := printTable(w, part.rows); err != nil {
			return err
		}
	}
	if hidden > 0 {
		_, err := fmt.Fprintf(w, "\nand %d more: monitord hook list NAME\n", hidden)
		return err
	}
	return nil
}

func deliveredText(h hooks.Status) string {
	switch b := h.Heartbeats; {
	case b == nil:
		return fmt.Sprint(h.Delivered)
	case b.Sent == 1:
		return "1 beat"
	default:
		return fmt.Sprintf("%d beats", b.Sent)
	}
}

func lastText(h hooks.Status, now time.Time) string {
	switch {
	case h.LastSuccess == nil && h.LastFailure == nil:
		return "-"
	case h.LastFailure != nil && (h.LastSuccess == nil || h.LastFailure.After(*h.LastSuccess)):
		return agoText(h.LastFailure, now) + ": " + clean.Text(h.LastError)
	}
	return agoText(h.LastSuccess, now)
}

func nextText(d hooks.Waiting, now time.Time) string {
	switch {
	case d.Running:
		return "running"
	case d.Next == nil:
		return "behind others"
	case d.Next.After(now):
		return "in " + roughly(d.Next.Sub(now))
	}
	return "now"
}

func seqText(seq uint64) string {
	if seq == 0 {
		return "-" // it has no number yet
	}
	return fmt.Sprint(seq)
}
