package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"regexp"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"monitord/alerts"
	"monitord/alerts/silence"
	"monitord/alerts/trial"
	"monitord/cmd/monitord/config"
	"monitord/collectors"
	"monitord/history"
	"monitord/stream/wire"
)

const rulesReplayLong = `Show what rules would have done on the recorded history: each firing with its
start, end, duration and peak, and totals for each rule. Without FILE: the rules of
the configuration. Nobody is told, and nothing is written.

The history is read from the data directory of the configuration, also while the
daemon runs. Its files belong to root or to the service's user: run it as one of
them. Rules are evaluated as the daemon does, at each recorded tick at which they are
due; recording rules first write their results beside the history, in memory. They
are evaluated from before the beginning on, as long as alerts wait and are held, so
that what is firing then shows as "already firing". The configuration's silences
mark what they would have kept quiet; those that people made do not.

The peak is the greatest value while it fired, or the least for < and <=. PENDING are
alerts that ended before they fired, or are pending in the end.

Ends with 0 when it is done, whatever fired, 1 when it failed or FILE has faults, 2 for
wrong usage, 78 for a faulty configuration, 130 when it is interrupted.`

const rulesReplayExample = `  monitord rules replay                            # the configuration's rules, the last week
  monitord rules replay --since 24h new-rules.yml  # before they go into rules.d
  monitord rules replay --rule 'Disk|Memory' -o json | jq .totals
  monitord rules replay --since 2026-01-31T12:00:00Z --until -1h -o csv > firings.csv`

func newRulesReplayCommand() *cobra.Command {
	var f replayFlags
	cmd := &cobra.Command{
		Use:     "replay [FILE]...",
		Short:   "Show what rules would have done on the recorded history",
		Long:    rulesReplayLong,
		Example: rulesReplayExample,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"toml", "yml", "yaml", "json"}, cobra.ShellCompDirectiveFilterFileExt
		},
		RunE: func(cmd *cobra.Command, files []string) error {
			o, err := f.options(files, time.Now())
			if err != nil {
				return &exitError{exitUsage, err}
			}
			return replayRules(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.since, "since", "7d", "begin so long before the end, or at a `time`: a duration, RFC 3339 or milliseconds")
	flags.StringVar(&f.until, "until", "", "end at a `time`: RFC 3339, milliseconds, or so long ago as in -1h; empty: now")
	flags.StringVar(&f.step, "step", "", "evaluate all rules every `duration`; empty: each as often as it is by itself")
	flags.StringVar(&f.rule, "rule", "", "only alert rules whose name matches a `regexp`, and what they need; empty: all")
	flags.StringVarP(&f.output, "output", "o", "", "`format`: text, json or csv (the firings); empty: text")
	flags.IntVar(&f.limit, "limit", 100, "list so many firings in a text, the first ones; 0: all")
	flags.StringVar(&f.config, "config", "", "configuration `FILE`; empty: as for run")
	return cmd
}

// replayFlags is a command line of replay as it was written.
type replayFlags struct {
	since, until, step, rule, output, config string
	limit                                    int
}

// replayOptions is a command line of replay, parsed.
type replayOptions struct {
	files    []string
	config   string
	from, to int64         // Unix milliseconds
	step     time.Duration // 0: each rule's own
	only     *regexp.Regexp
	format   string
	limit    int // of firings in a text; 0: none
}

func (f *replayFlags) options(files []string, now time.Time) (replayOptions, error) {
	o := replayOptions{files: files, config: f.config, format: f.output, limit: f.limit, to: now.UnixMilli()}
	switch f.output {
	case "", "text", "json", "csv":
	default:
		return o, fmt.Errorf("--output is %q, must be text, json or csv", f.output)
	}
	if f.limit < 0 {
		return o, fmt.Errorf("--limit is %d, must be a number of firings, or 0 for all", f.limit)
	}
	if f.until != "" {
		at, err := wire.ParseFrom(f.until)
		if err != nil {
			return o, fmt.Errorf("--until: %w", err)
		}
		o.to = at.Time(now.UnixMilli())
	}
	if d, err := config.ParseDuration(f.since); err == nil {
		if d <= 0 {
			return o, fmt.Errorf("--since is %q, must be positive, such as 7d", f.since)
		}
		o.from = o.to - d.Milliseconds()
	} else {
		at, err := wire.ParseFrom(f.since)
		if err != nil {
			return o, fmt.Errorf("--since is %q, write a duration such as 7d, a time in RFC 3339 or milliseconds", f.since)
		}
		o.from = at.Time(now.UnixMilli())
	}
	if o.from = max(o.from, 0); o.from > o.to {
		return o, fmt.Errorf("--since is later than --until")
	}
	var err error
	if o.step, err = durationFlag("step", f.step); err != nil {
		return o, err
	}
	if o.only, err = regexp.Compile(f.rule); err != nil {
		return o, fmt.Errorf("--rule: %w", err)
	}
	return o, nil
}

func replayRules(ctx context.Context, o replayOptions, stdout, stderr io.Writer) error {
	conf, err := config.Find(o.config, nil).Load()
	var faulty *config.Error
	if errors.As(err, &faulty) {
		return &exitError{exitConfig, err}
	}
	if err != nil {
		return &exitError{exitFailed, err}
	}
	rules, err := o.rules(conf)
	if err != nil {
		return &exitError{exitFailed, err}
	}
	dir := filepath.Join(conf.Dir(), "history")
	level := new(slog.LevelVar)
	level.Set(slog.LevelWarn) // what of the record is damaged and left out
	db, err := history.OpenReadOnly(ctx, history.ReadOptions{
		Dir: dir, Lookback: conf.Lookback(), Keep: trial.Keep(rules), Log: newLogger(stderr, "text", level),
	})
	if err != nil {
		return &exitError{exitFailed, readingAdvice(err, dir)}
	}
	defer db.Close()
	silences, faults := silence.Configured(conf.Alerts.Silences)
	if len(faults) > 0 { // the configuration has been held against the same
		return &exitError{exitConfig, errors.Join(faults...)}
	}
	progress := newProgress(stderr)
	r := &trial.Replay{
		History: db, Rules: rules, Shown: o.shown, From: o.from, To: o.to, Interval: conf.Collectors.Interval, Progress: progress.show,
		Unread: collectors.Unread, UnreadBy: collectors.UnreadBy, Silences: silences,
	}
	res, err := r.Run(ctx)
	progress.clear()
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	if err != nil {
		return &exitError{exitFailed, err}
	}
	if res.Ticks == 0 {
		return &exitError{exitFailed, fmt.Errorf("%s has nothing between %s and %s: choose another --since or --until", dir, localTime(o.from), localTime(o.to))}
	}
	if err := writeReplay(stdout, stderr, o.format, o.limit, res); err != nil {
		return &exitError{exitFailed, err}
	}
	return nil
}

// readingAdvice says what to do about a history that cannot be read.
func readingAdvice(err error, dir string) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no history in %s: name the daemon's configuration by --config, or start in the directory that it was started in", dir)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the history in %s cannot be read (%w): run this as root or as the user that the daemon runs as", dir, config.Cause(err))
	}
	return err
}

// shown says whether a rule is asked for.
func (o *replayOptions) shown(r *alerts.Rule) bool {
	return !r.Recording && !r.BuiltIn && o.only.MatchString(r.Name)
}

// rules compiles the rules that are replayed.
func (o *replayOptions) rules(conf *config.Config) ([]*alerts.Rule, error) {
	groups := slices.Clone(conf.Alerts.Groups)
	if len(o.files) > 0 {
		groups = nil
		var faults []config.Fault
		for _, name := range o.files {
			of, found := config.LoadRules(name)
			groups, faults = append(groups, of...), append(faults, found...)
		}
		if len(faults) > 0 {
			return nil, &config.Error{Faults: faults}
		}
	}
	for i := range groups {
		g := &groups[i]
		g.Rules = slices.Clone(g.Rules)
		for j := range g.Rules {
			if o.step > 0 {
				g.Interval, g.Rules[j].Every = 0, o.step
			}
		}
	}
	compiled, found := alerts.Compile(groups, conf.Collectors.Interval)
	if len(found) > 0 {
		return nil, &config.Error{Faults: found}
	}
	rules := trial.Needed(compiled, o.shown)
	if len(rules) == 0 {
		return nil, errors.New("there is no alert rule to replay: name a rule file, or rules that --rule fits")
	}
	return rules, nil
}
