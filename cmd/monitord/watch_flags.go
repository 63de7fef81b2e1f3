package main

import (
	"fmt"
	"strings"
	"time"

	"monitord/stream/wire"
)

// allAlerts stands for no matchers, in --alerts without a value.
const allAlerts = "all"

// alertsFlag collects matchers; the option needs no value.
type alertsFlag []string

func (a *alertsFlag) Set(s string) error {
	if s == allAlerts {
		s = ""
	}
	*a = append(*a, s)
	return nil
}

func (a *alertsFlag) String() string { return strings.Join(*a, " ") }
func (a *alertsFlag) Type() string   { return "matchers" }

// watchFlags is a command line of watch as it was written.
type watchFlags struct {
	samples    []string
	alerts     alertsFlag
	from       string
	after      uint64
	afterGiven bool
	every      string
	output     string
	count      int
	once       bool
	until      string
	timeout    string
	url        string
}

// options checks the flags and makes requests of them.
func (f *watchFlags) options(exprs []string) (watchOptions, error) {
	o := watchOptions{format: f.output, count: f.count, once: f.once, url: serverURL(f.url)}
	switch f.output {
	case "", "table", "json", "raw", "csv", "prom":
	default:
		return o, fmt.Errorf("--output is %q, must be table, json, raw, csv or prom", f.output)
	}
	if f.count < 0 {
		return o, fmt.Errorf("--count is %d, must not be negative", f.count)
	}
	var err error
	if o.timeout, err = durationFlag("timeout", f.timeout); err != nil {
		return o, err
	}
	if err := f.subscriptions(&o, exprs); err != nil {
		return o, err
	}
	if f.output == "csv" && mixed(o.requests) {
		return o, fmt.Errorf("--output csv has one heading: follow either values or alerts")
	}
	return o, nil
}

func (f *watchFlags) subscriptions(o *watchOptions, exprs []string) error {
	alerts := f.alerts
	if len(exprs)+len(f.samples)+len(alerts) == 0 {
		if o.quiet = f.until != ""; !o.quiet {
			alerts = alertsFlag{""}
		}
	}
	if f.afterGiven && len(alerts) == 0 {
		return fmt.Errorf("--after counts alerts, and none are followed: add --alerts")
	}
	if f.from != "" && len(exprs)+len(f.samples) == 0 {
		return fmt.Errorf("--from is for expressions and samples, and none are followed: alerts begin --after a number")
	}
	every, err := durationFlag("every", f.every)
	if err != nil {
		return err
	}
	var from wire.From
	if f.from != "" {
		if from, err = wire.ParseFrom(f.from); err != nil {
			return fmt.Errorf("--from: %w", err)
		}
	}
	followed := func(kind wire.Kind, expr string) (id string) { // a connection follows a topic once
		for _, r := range o.requests {
			if r.Kind == kind && r.Expr == expr {
				return r.ID
			}
		}
		return ""
	}
	add := func(r wire.Request) {
		if followed(r.Kind, r.Expr) != "" {
			return
		}
		r.Op, r.ID = wire.OpSubscribe, fmt.Sprintf("%d", len(o.requests)+1)
		o.requests = append(o.requests, r)
	}
	for _, e := range exprs {
		add(wire.Request{Kind: wire.KindQuery, Expr: e, Every: every, From: from})
	}
	for _, s := range f.samples {
		add(wire.Request{Kind: wire.KindSamples, Expr: s, Every: every, From: from})
	}
	for _, m := range alerts {
		add(wire.Request{Kind: wire.KindAlerts, Expr: m, HasAfter: f.afterGiven, After: f.after})
	}
	if o.until = followed(wire.KindQuery, f.until); f.until != "" && o.until == "" {
		o.until, o.hidden = "until", "until"
		o.requests = append(o.requests, wire.Request{Op: wire.OpSubscribe, ID: o.until, Kind: wire.KindQuery, Expr: f.until, Every: every})
	}
	return nil
}

func durationFlag(name, s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	d, err := wire.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("--%s: %w", name, err)
	}
	if d < time.Millisecond {
		return 0, fmt.Errorf("--%s is %q, must be at least 1ms", name, s)
	}
	return d, nil
}

// mixed tells whether values and alerts are both asked for.
func mixed(requests []wire.Request) bool {
	var values, alerts bool
	for _, r := range requests {
		alerts = alerts || r.Kind == wire.KindAlerts
		values = values || r.Kind != wire.KindAlerts
	}
	return values && alerts
}
