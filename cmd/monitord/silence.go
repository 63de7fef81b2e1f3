package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/spf13/cobra"

	"monitord/alerts/match"
	"monitord/stream/wire"
)

// apiSilence is a silence as Alertmanager's API has it, without what people do not see.
type apiSilence struct {
	ID     string `json:"id,omitempty"`
	Status *struct {
		State string `json:"state"`
	} `json:"status,omitempty"`
	UpdatedAt *time.Time       `json:"updatedAt,omitempty"`
	Matchers  []silenceMatcher `json:"matchers"`
	StartsAt  time.Time        `json:"startsAt"`
	EndsAt    time.Time        `json:"endsAt"`
	CreatedBy string           `json:"createdBy"`
	Comment   string           `json:"comment"`
	Name      string           `json:"monitordName,omitempty"`
}

type silenceMatcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual bool   `json:"isEqual"`
}

func (m silenceMatcher) String() string {
	kind := labels.MatchNotEqual
	switch {
	case m.IsRegex && m.IsEqual:
		kind = labels.MatchRegexp
	case m.IsRegex:
		kind = labels.MatchNotRegexp
	case m.IsEqual:
		kind = labels.MatchEqual
	}
	return (&labels.Matcher{Type: kind, Name: m.Name, Value: m.Value}).String()
}

func (s *apiSilence) state() string {
	if s.Status == nil {
		return ""
	}
	return s.Status.State
}

const silencesPath = "/api/v2/silences"

func newSilenceCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "silence",
		Short: "Make, list, change and end silences",
		Long: `While a silence is in force, no hook is told of the alerts that it matches. They
are in the journal, the stream and on the page as ever, marked.

Matchers are written as Alertmanager's: severity=warning, team=~"db|web",
mountpoint!="/". All of them must fit; a word alone is the name of an alert.`,
		Example: `  monitord silence add DiskFillsInFourHours mountpoint=/srv --duration 2h --comment 'moving files'
  monitord silence list
  monitord silence expire 0b5cbf1e-9d4e-4a5b-8a8e-6a3f2b1c0d9e`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newSilenceAddCommand(), newSilenceListCommand(), newSilenceUpdateCommand(), newSilenceExpireCommand())
	return cmd
}

// alertWord takes a first word without an operator for the name of an alert.
func alertWord(args []string) []string {
	if len(args) > 0 && !strings.ContainsAny(args[0], "=~{") {
		return append([]string{"alertname=" + args[0]}, args[1:]...)
	}
	return args
}

// matcherArgs reads the matchers of a command line.
func matcherArgs(args []string) ([]silenceMatcher, error) {
	ms, err := match.Parse(alertWord(args)...)
	if err != nil {
		return nil, &exitError{exitUsage, err}
	}
	all := make([]silenceMatcher, 0, len(ms.All()))
	for _, m := range ms.All() {
		all = append(all, silenceMatcher{
			Name: m.Name, Value: m.Value,
			IsRegex: m.Type == labels.MatchRegexp || m.Type == labels.MatchNotRegexp,
			IsEqual: m.Type == labels.MatchEqual || m.Type == labels.MatchRegexp,
		})
	}
	return all, nil
}

// filterOf is the query of matchers.
func filterOf(all []silenceMatcher) url.Values {
	query := url.Values{}
	for _, m := range all {
		query.Add("filter", m.String())
	}
	return query
}

// silenceTimes are the options that say when.
type silenceTimes struct{ duration, start, end string }

// add defines the options. The duration is the default; begin says what an absent
// --start means, last an absent --duration.
func (f *silenceTimes) add(cmd *cobra.Command, duration, begin, last string) {
	flags := cmd.Flags()
	flags.StringVarP(&f.duration, "duration", "d", duration, "how `long` it lasts, from now or from its start: 30m, 2h, 7d"+last)
	flags.StringVar(&f.start, "start", "", "when it begins: RFC 3339, or a local `time` as in '2026-12-24 18:00'; empty: "+begin)
	flags.StringVar(&f.end, "end", "", "when it ends, in place of --duration: likewise a `time`")
}

// read returns the times that were given; zero for what was not.
func (f *silenceTimes) read(cmd *cobra.Command) (start, end time.Time, duration time.Duration, err error) {
	if f.end != "" && cmd.Flags().Changed("duration") {
		return start, end, 0, &exitError{exitUsage, fmt.Errorf("--end and --duration say the same thing: give one of them")}
	}
	if start, err = timeFlag("start", f.start); err != nil {
		return start, end, 0, err
	}
	if end, err = timeFlag("end", f.end); err != nil || f.end != "" || f.duration == "" {
		return start, end, 0, err
	}
	duration, err = wire.ParseDuration(f.duration)
	if err != nil {
		return start, end, 0, &exitError{exitUsage, fmt.Errorf("--duration: %w", err)}
	}
	if duration < time.Second {
		return start, end, 0, &exitError{exitUsage, fmt.Errorf("--duration is %q, must be at least 1s", f.duration)}
	}
	return start, end, duration, nil
}

func timeFlag(name, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t, nil
	}
	for _, form := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04"} {
		if t, err := time.ParseInLocation(form, text, time.Local); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &exitError{exitUsage, fmt.Errorf("--%s is %q, write a time such as 2026-12-24T18:00:00+01:00 or '2026-12-24 18:00'", name, text)}
}

// postSilence makes or changes a silence and returns its id.
func (r *remote) postSilence(ctx context.Context, s apiSilence) (string, error) {
	s.Status, s.UpdatedAt, s.Name = nil, nil, ""
	var made struct {
		SilenceID string `json:"silenceID"`
	}
	if err := r.call(ctx, "POST", silencesPath, nil, s, &made); err != nil {
		return "", err
	}
	return made.SilenceID, nil
}
