package main

import (
	"time"

	"github.com/spf13/cobra"

	"monitord/stream/wire"
)

const watchLong = `Follow expressions, samples and alerts as they come. Without arguments: alerts.

On a terminal there is a table that is kept up to date; elsewhere one line of JSON
per value, or per alert. The connection is made again when it breaks, and what was
missed meanwhile is fetched; what cannot be had is told on standard error.

Formats of --output:
  table   live on a terminal (the default there)
  json    {"t":1763683200000,"metric":{"__name__":"up"},"value":1} or the alert (the default elsewhere)
  raw     the messages as they come
  csv     one line per value or per alert, with a heading
  prom    Prometheus' text format with times; alerts as ALERTS

Ends with 0 when it has what it was asked for, 1 when it failed, 2 for wrong usage or
a wrong expression, 4 when it is not allowed, 5 when there is no connection to be had,
124 when --timeout is over, 130 when it is interrupted.`

const watchExample = `  monitord watch                                          # alerts
  monitord watch node_load1 'rate(node_cpu_seconds_total{mode="user"}[10s])'
  monitord watch --samples 'node_filesystem_avail_bytes' --every 10s -o csv > avail.csv
  monitord watch --alerts='{severity="critical"}' -o json | while read -r a; do …; done
  monitord watch --alerts --after 0 -o json               # every alert there was, then those to come
  monitord watch node_load1 --from -10m -n 600 -o prom    # the last ten minutes
  monitord watch --once 'node_filesystem_avail_bytes / node_filesystem_size_bytes'
  monitord watch --until 'node_load1 < 1' --timeout 10m && make`

// watchOptions is a command line of watch, parsed.
type watchOptions struct {
	requests []wire.Request
	until    string // id of the subscription that --until waits for, or empty
	hidden   string // the same if it was asked for by nothing else, or empty
	quiet    bool   // nothing but --until was asked for
	format   string // empty: what fits standard output
	count    int    // 0: no end
	once     bool
	timeout  time.Duration // 0: none
	url      string
}

// printed are the subscriptions that are shown, and not only waited for.
func (o watchOptions) printed() []wire.Request {
	if o.hidden == "" || o.quiet {
		return o.requests
	}
	return o.requests[:len(o.requests)-1]
}

func newWatchCommand() *cobra.Command {
	var f watchFlags
	cmd := &cobra.Command{
		Use:     "watch [EXPR]...",
		Short:   "Follow expressions, samples and alerts as they come",
		Long:    watchLong,
		Example: watchExample,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.afterGiven = cmd.Flags().Changed("after")
			o, err := f.options(args)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return runWatch(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&f.samples, "samples", nil, "follow the samples of a `selector`; may repeat")
	flags.Var(&f.alerts, "alerts", "follow the alerts, all or those with `matchers` such as --alerts='{severity=\"critical\"}'; may repeat")
	flags.Lookup("alerts").NoOptDefVal = allAlerts
	flags.StringVar(&f.from, "from", "", "begin at a `time`: RFC 3339, milliseconds, or so long ago as in -10m; empty: now")
	flags.Uint64Var(&f.after, "after", 0, "begin the alerts after a `number`; 0: with the oldest that is kept; absent: with those that are active")
	flags.StringVar(&f.every, "every", "", "`interval` of values, such as 10s, a multiple of the daemon's; empty: each tick")
	flags.StringVarP(&f.output, "output", "o", "", "`format`: table, json, raw, csv or prom; empty: table on a terminal, else json")
	flags.IntVarP(&f.count, "count", "n", 0, "end after so many `messages`: ticks of an expression, or alerts; 0: do not end")
	flags.BoolVar(&f.once, "once", false, "print what is now, and end")
	flags.StringVar(&f.until, "until", "", "end at the first tick where an `expression` returns anything; empty: do not end")
	flags.StringVar(&f.timeout, "timeout", "", "end with 124 after a `duration` such as 30s; empty: do not end")
	addURLFlag(flags, &f.url)
	return cmd
}
