package main

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/prometheus/prometheus/model/labels"

	"monitord/alerts"
	"monitord/alerts/journal"
	"monitord/collectors"
	"monitord/history"
	"monitord/history/standing"
	"monitord/metric"
	"monitord/stream"
	"monitord/stream/feed"
)

// A flaky collector fails when it is told to.
type flaky struct {
	fails atomic.Bool
	value atomic.Int64
}

var descFlaky = metric.NewDesc("flaky_value", metric.Gauge, "", "A value.")

func (*flaky) Name() string { return "flaky" }

func (f *flaky) Collect(_ context.Context, e *collectors.Emitter) error {
	if f.fails.Load() {
		return errors.New("told to")
	}
	e.Add(descFlaky, float64(f.value.Load()))
	return nil
}

// While its collector fails, an alert is neither resolved nor silent about it:
// from the sampler through the rules to the journal and the stream's picture.
func TestAlertOfFailingCollectorIsStale(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		quiet := slog.New(slog.DiscardHandler)
		db, err := history.Open(history.Options{Dir: filepath.Join(dir, "history"), Config: history.DefaultConfig()})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		j, err := journal.Open(filepath.Join(dir, "journal"), journal.Options{Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		defer j.Close()
		log, err := alerts.OpenLog(j, quiet)
		if err != nil {
			t.Fatal(err)
		}
		f := &flaky{}
		f.value.Store(9)
		cfg := collectors.Default()
		cfg.CPU.Enabled, cfg.Memory.Enabled, cfg.Load.Enabled, cfg.Host.Enabled = false, false, false, false
		cfg.Pressure.Enabled, cfg.Disk.Enabled, cfg.Network.Enabled, cfg.Filesystem.Enabled = false, false, false, false
		reg := metric.NewRegistry(labels.FromStrings("instance", "web1"))
		sampler, err := collectors.New(cfg, reg, quiet, newMovedClock(), f)
		if err != nil {
			t.Fatal(err)
		}
		d := &tickDriver{history: db, stages: &stages{}, first: func() {}, cleaner: newCleaner(cfg.Interval)}
		d.rules, err = alerts.NewEngine(alerts.EngineOptions{
			Query: db, Range: db.Evaluator(proofSamples), Registry: reg, Append: d.appendResults,
			Interval: cfg.Interval, Lookback: history.DefaultLookback, Log: quiet,
		})
		if err != nil {
			t.Fatal(err)
		}
		if faults := d.rules.Load([]alerts.GroupConfig{{Rules: []alerts.RuleConfig{
			{Name: "Plain", Expr: "flaky_value > 5"},
			{Name: "Ranged", Expr: "min_over_time(flaky_value[3s]) > 5"},
		}}}); len(faults) > 0 {
			t.Fatal(faults)
		}
		standingConfig := feed.DefaultConfig().Standing(cfg.Interval)
		d.feed, err = feed.New(feed.Options{
			Config: feed.DefaultConfig(), History: db, Standing: standing.New(db, standingConfig), Alerts: log,
			Stale: d.rules.Stale, Interval: cfg.Interval, Log: quiet,
		})
		if err != nil {
			t.Fatal(err)
		}
		engine, err := stream.New(d.feed, stream.Options{Config: stream.DefaultConfig(), Log: quiet})
		if err != nil {
			t.Fatal(err)
		}
		d.feed.Attach(engine)
		d.recorder = alerts.NewRecorder(log, quiet)

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		tick := 0
		err = sampler.Run(ctx, func(ctx context.Context, b metric.Batch) {
			tick++
			d.tick(ctx, b)
			var stale, active []string
			for _, a := range d.rules.Alerts() {
				name := a.Labels.Get(labels.AlertName)
				if active = append(active, name); a.Stale {
					stale = append(stale, name)
				}
			}
			want := map[bool]string{true: "Plain Ranged"}[tick > 5 && tick <= 10]
			if got := strings.Join(stale, " "); tick > 2 && tick <= 10 && got != want {
				t.Errorf("tick %d: %q are stale, want %q", tick, got, want)
			}
			if got := strings.Join(active, " "); tick > 2 && tick <= 10 && got != "Plain Ranged" {
				t.Errorf("tick %d: %q are active", tick, got)
			}
			switch tick {
			case 5:
				f.fails.Store(true)
				f.value.Store(1)
			case 10:
				f.fails.Store(false)
			case 20:
				if len(active) > 0 {
					t.Errorf("%q are active long after it works again", active)
				}
				cancel()
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		stop, done := context.WithCancel(context.Background())
		done()
		if err := d.recorder.Run(stop); err != nil {
			t.Fatal(err)
		}
		events, err := log.Read(0, 100)
		if err != nil || len(events) != 4 {
			t.Fatalf("%d events, %v: each of the two fires and resolves once", len(events), err)
		}
		for _, e := range events[:2] {
			if e.Kind != alerts.KindFiring || e.Alert.Evidence == nil {
				t.Errorf("%s, evidence %v", e.Kind, e.Alert.Evidence)
			}
		}
	})
}
