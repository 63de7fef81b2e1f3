package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"monitord/alerts/trial"
	"monitord/cmd/monitord/clean"
	"monitord/cmd/monitord/config"
)

// writeReplay writes the result in a format; what is to be said about it goes to
// stderr. A text lists at most limit firings; 0: all.
func writeReplay(stdout, stderr io.Writer, format string, limit int, res *trial.Result) error {
	fmt.Fprintf(stderr, "%s recorded from %s to %s", count(res.Ticks, "tick"), localTime(res.First), localTime(res.Last))
	if res.Missing > 0 {
		fmt.Fprintf(stderr, ", %s missing in between", config.FormatDuration(res.Missing.Round(time.Second)))
	}
	fmt.Fprintln(stderr)
	for _, f := range res.Failed {
		fmt.Fprintf(stderr, "monitord: %s failed %d of %d times: %v\n", clean.Text(f.Rule), f.Failures, f.Attempts, f.Err)
	}
	if res.Omitted > 0 {
		fmt.Fprintf(stderr, "monitord: %s are not listed, there are too many; the totals have them\n", count(res.Omitted, "firing"))
	}
	switch format {
	case "json":
		return printJSON(stdout, replayJSON(res))
	case "csv":
		return replayCSV(stdout, res)
	}
	if err := replayText(stdout, limit, res); err != nil {
		return err
	}
	return replayTotals(stdout, res)
}

// replayText lists firings. What has no bound in width comes last.
func replayText(out io.Writer, limit int, res *trial.Result) error {
	list := res.Firings
	if len(list) == 0 {
		return nil
	}
	if limit > 0 && len(list) > limit {
		list = list[:limit]
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "START\tEND\tDURATION\tPEAK\tSEVERITY\tALERT")
	for _, f := range list {
		start, end := shortTime(f.Start), shortTime(f.End)
		if f.Before {
			start = "already firing"
		}
		if f.Still {
			end = "still firing"
		}
		ls := f.Labels.Map()
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", start, end, firingTime(f), shortFloat(f.Peak), clean.Text(ls["severity"]), alertName(ls)+silencedWords(f))
	}
	if more := len(res.Firings) - len(list); more > 0 {
		fmt.Fprintf(w, "… and %d more: --limit 0 lists all, -o csv or json for programs\n", more)
	}
	fmt.Fprintln(w)
	return w.Flush()
}

// replayTotals sums up each rule that did anything, and names the others.
func replayTotals(out io.Writer, res *trial.Result) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	quiet := slices.DeleteFunc(slices.Clone(res.Totals), func(t trial.Total) bool { return t.Firings+t.NeverFired+t.Pending > 0 })
	if len(quiet) < len(res.Totals) {
		fmt.Fprintln(w, "RULE\tFIRINGS\tSTILL\tTIME\tLONGEST\tPENDING\tGROUP")
	}
	for _, t := range res.Totals {
		if slices.Contains(quiet, t) {
			continue
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\t%s\t%d\t%s\n", clean.Text(t.Rule), t.Firings, t.Still, config.FormatDuration(t.Firing), config.FormatDuration(t.Longest), t.NeverFired+t.Pending, clean.Text(t.Group))
	}
	if len(quiet) > 0 {
		fmt.Fprintln(w, "never fired nor pending: "+quietRules(quiet))
	}
	return w.Flush()
}

// silencedWords is what stands behind an alert that was silenced.
func silencedWords(f trial.Firing) string {
	switch {
	case f.Silenced == 0:
		return ""
	case f.Silenced.Milliseconds() == f.End-f.Start:
		return " (silenced)"
	}
	return " (silenced for " + config.FormatDuration(f.Silenced) + ")"
}

// quietRules names the rules that did nothing, or counts them if they are many.
func quietRules(totals []trial.Total) string {
	if len(totals) > 8 {
		return count(len(totals), "rule")
	}
	var names []string
	for _, t := range totals {
		names = append(names, clean.Text(t.Rule))
	}
	return strings.Join(names, ", ")
}

func firingTime(f trial.Firing) string {
	return config.FormatDuration(time.Duration(f.End-f.Start) * time.Millisecond)
}

func localTime(ms int64) string { return time.UnixMilli(ms).Format("2006-01-02 15:04:05") }

// shortTime is a time as the list of active alerts has it.
func shortTime(ms int64) string { return time.UnixMilli(ms).Format("01-02 15:04:05") }

func utcTime(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }

func replayCSV(out io.Writer, res *trial.Result) error {
	w := csv.NewWriter(out)
	_ = w.Write([]string{"alert", "start", "end", "already_firing", "still_firing", "seconds", "silenced_seconds", "peak", "labels"}) // an error is kept for the flush
	for _, f := range res.Firings {
		_ = w.Write([]string{
			clean.Text(f.Rule), utcTime(f.Start), utcTime(f.End), strconv.FormatBool(f.Before), strconv.FormatBool(f.Still),
			strconv.FormatFloat(float64(f.End-f.Start)/1000, 'f', -1, 64), strconv.FormatFloat(f.Silenced.Seconds(), 'f', -1, 64), strconv.FormatFloat(f.Peak, 'g', -1, 64), clean.Text(f.Labels.String()),
		})
	}
	w.Flush()
	return w.Error()
}

// replayReport is the result in JSON.
type replayReport struct {
	From    string         `json:"from"` // first and last tick that is recorded
	To      string         `json:"to"`
	Ticks   int            `json:"ticks"`
	Missing float64        `json:"missingSeconds"`
	Firings []replayFiring `json:"firings"`
	Omitted int            `json:"omitted,omitempty"`
	Totals  []replayTotal  `json:"totals"`
	Failed  []replayFailed `json:"failed,omitempty"`
}

type replayFiring struct {
	Alert   string            `json:"alert"`
	Labels  map[string]string `json:"labels"`
	Before  bool              `json:"alreadyFiring,omitempty"` // it began before startsAt, which is where the time asked for does
	Active  string            `json:"activeAt"`
	Start   string            `json:"startsAt"`
	End     string            `json:"endsAt,omitempty"` // absent while it fires
	Seconds float64           `json:"seconds"`
	Quiet   float64           `json:"silencedSeconds"`
	By      []string          `json:"silencedBy,omitempty"` // ids of the configuration's silences
	Peak    any               `json:"peak"`                 // a number, or "NaN", "+Inf", "-Inf"
}

type replayTotal struct {
	Rule        string  `json:"rule"`
	Group       string  `json:"group"`
	Firings     int     `json:"firings"`
	Before      int     `json:"alreadyFiring"`
	Still       int     `json:"stillFiring"`
	Seconds     float64 `json:"secondsFiring"`
	Longest     float64 `json:"longestSeconds"`
	Quiet       int     `json:"silenced"` // firings that were from start to end
	PendingOnly int     `json:"pendingOnly"`
}

type replayFailed struct {
	Rule     string `json:"rule"`
	Failures uint64 `json:"failures"`
	Attempts uint64 `json:"attempts"`
	Error    string `json:"error"`
}

func replayJSON(res *trial.Result) replayReport {
	r := replayReport{
		From: utcTime(res.First), To: utcTime(res.Last), Ticks: res.Ticks, Missing: res.Missing.Seconds(),
		Firings: []replayFiring{}, Omitted: res.Omitted, Totals: []replayTotal{},
	}
	for _, f := range res.Firings {
		one := replayFiring{
			Alert: f.Rule, Labels: f.Labels.Map(), Before: f.Before, Active: utcTime(f.Active), Start: utcTime(f.Start),
			Seconds: float64(f.End-f.Start) / 1000, Quiet: f.Silenced.Seconds(), By: f.SilencedBy, Peak: f.Peak,
		}
		if !f.Still {
			one.End = utcTime(f.End)
		}
		if math.IsNaN(f.Peak) || math.IsInf(f.Peak, 0) {
			one.Peak = strconv.FormatFloat(f.Peak, 'g', -1, 64)
		}
		r.Firings = append(r.Firings, one)
	}
	for _, t := range res.Totals {
		r.Totals = append(r.Totals, replayTotal{t.Rule, t.Group, t.Firings, t.Before, t.Still, t.Firing.Seconds(), t.Longest.Seconds(), t.Silenced, t.NeverFired + t.Pending})
	}
	for _, f := range res.Failed {
		r.Failed = append(r.Failed, replayFailed{f.Rule, f.Failures, f.Attempts, fmt.Sprint(f.Err)})
	}
	return r
}
