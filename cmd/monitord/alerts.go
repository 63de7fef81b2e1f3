package main

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/spf13/cobra"

	"monitord/alerts/match"
	"monitord/cmd/monitord/clean"
	"monitord/stream/wire"
)

func newAlertsCommand() *cobra.Command {
	var at, output string
	var exitCode bool
	cmd := &cobra.Command{
		Use:   "alerts [MATCHER]...",
		Short: "Show the alerts that are pending or firing",
		Long: `alerts shows what is pending or firing now, with its latest value, all of it or what
the matchers fit: severity=critical, team=~"db|web"; a word alone is the name of an
alert. What is silenced is shown, and said to be.

With --exit-code it ends with 1 if one of them fires and is not silenced, else with
0; when there is no daemon to ask it is 5 as ever.`,
		Example: `  monitord alerts
  monitord alerts severity=critical --exit-code || echo something is wrong
  monitord alerts -o json | jq -r '.[].labels.alertname'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkOutput(output); err != nil {
				return err
			}
			matchers, err := match.Parse(alertWord(args)...)
			if err != nil {
				return &exitError{exitUsage, err}
			}
			r, err := newRemote(at)
			if err != nil {
				return err
			}
			found, err := r.alerts(cmd, matchers)
			if err != nil {
				return err
			}
			if err := printAlerts(cmd.OutOrStdout(), found, output); err != nil {
				return err
			}
			if exitCode && slices.ContainsFunc(found, activeAlert.alarms) {
				return &exitError{exitFailed, nil}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.BoolVar(&exitCode, "exit-code", false, "end with 1 if one of those shown fires and is not silenced, else with 0")
	outputFlag(cmd, &output)
	addURLFlag(flags, &at)
	return cmd
}

// activeAlert is an alert as /api/v1/alerts has it.
type activeAlert struct {
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	State       string            `json:"state"`
	ActiveAt    time.Time         `json:"activeAt"`
	Value       string            `json:"value"`
	Fingerprint string            `json:"fingerprint,omitempty"`
	StartsAt    *time.Time        `json:"startsAt,omitempty"` // when it began to fire
	SilencedBy  []string          `json:"silencedBy,omitempty"`
	Flapping    bool              `json:"flapping,omitempty"`
	Stale       bool              `json:"stale,omitempty"`
}

// alarms tells whether somebody should know.
func (a activeAlert) alarms() bool { return a.State == "firing" && len(a.SilencedBy) == 0 }

// since is when it reached its state.
func (a activeAlert) since() time.Time {
	if a.StartsAt != nil {
		return *a.StartsAt
	}
	return a.ActiveAt
}

// words is its state and what else is to be known.
func (a activeAlert) words() string {
	words := []string{a.State}
	for _, mark := range []struct {
		word string
		set  bool
	}{{"silenced", len(a.SilencedBy) > 0}, {"flapping", a.Flapping}, {"stale", a.Stale}} {
		if mark.set {
			words = append(words, mark.word)
		}
	}
	return clean.Text(strings.Join(words, ", "))
}

// alerts returns those that fit, the loudest first, then the newest.
func (r *remote) alerts(cmd *cobra.Command, matchers match.Matchers) ([]activeAlert, error) {
	var answer struct {
		Data struct {
			Alerts []activeAlert `json:"alerts"`
		} `json:"data"`
	}
	if err := r.call(cmd.Context(), "GET", "/api/v1/alerts", nil, nil, &answer); err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(answer.Data.Alerts, func(a activeAlert) bool { return !matchers.Matches(labels.FromMap(a.Labels)) })
	rank := func(a activeAlert) int {
		switch {
		case a.alarms():
			return 0
		case len(a.SilencedBy) == 0:
			return 1
		}
		return 2
	}
	slices.SortStableFunc(found, func(a, b activeAlert) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), b.since().Compare(a.since()))
	})
	return found, nil
}

func printAlerts(w io.Writer, all []activeAlert, output string) error {
	if output == "json" {
		return printJSON(w, append([]activeAlert{}, all...))
	}
	if len(all) == 0 {
		return nil
	}
	rows := [][]segment{{{"STATE", ""}, {"SINCE", ""}, {"SEVERITY", ""}, {"ALERT", ""}, {"VALUE", ""}, {"SUMMARY", ""}}}
	for _, a := range all {
		rows = append(rows, []segment{
			{a.words(), ""}, {a.since().Local().Format("01-02 15:04:05"), ""}, {clean.Text(a.Labels["severity"]), ""},
			{alertName(a.Labels), ""}, {a.value(), ""}, {clean.Text(a.Annotations["summary"]), ""},
		})
	}
	return printTable(w, rows)
}

// alertName is an alert's name with the labels that tell it from others on this host.
func alertName(all map[string]string) string {
	var ls wire.Labels
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch name {
		case "alertname":
			ls = append(ls, wire.Label{Name: "__name__", Value: all[name]})
		case "severity", "instance", "job":
		default:
			ls = append(ls, wire.Label{Name: name, Value: all[name]})
		}
	}
	return metricName(ls)
}

func (a activeAlert) value() string {
	v, err := strconv.ParseFloat(a.Value, 64)
	if err != nil {
		return clean.Text(a.Value)
	}
	return shortFloat(v)
}
