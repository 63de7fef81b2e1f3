package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"

	"monitord/access"
	"monitord/alerts"
	"monitord/alerts/hooks"
	"monitord/alerts/journal"
	"monitord/alerts/silence"
	"monitord/api"
	"monitord/cmd/monitord/config"
	"monitord/collectors"
	"monitord/dashboard"
	"monitord/history"
	"monitord/history/standing"
	"monitord/metric"
	"monitord/stream"
	"monitord/stream/feed"
	"monitord/stream/wire"
)

// proofSamples bounds the search for an alert's evidence: a minute of seconds of
// a few thousand series.
const proofSamples = 300_000

// runDaemon wires everything in the order of a sample's life and runs until ctx
// ends or a part fails. The clock is nil for the host's; hup asks for a reload.
func runDaemon(ctx context.Context, src config.Source, clock collectors.Clock, hup <-chan os.Signal, stderr io.Writer) error {
	started := time.Now()
	conf, err := src.Load()
	if err != nil {
		return err
	}
	level := new(slog.LevelVar)
	l, _ := conf.Log.SlogLevel()
	level.Set(l)
	log := newLogger(stderr, conf.Log.Format, level)
	log.Info("starting", "version", version, "config", src.Path, "data_dir", conf.Dir())

	// Storage: the history, and the journal of alerts.
	db, err := history.Open(history.Options{
		Dir: filepath.Join(conf.Dir(), "history"), Config: conf.History, Lookback: conf.Lookback(), Log: log.With("part", "history"),
	})
	if err != nil {
		return err
	}
	defer closing(log, "history", db.Close)
	lastTick := db.Last()
	jrnl, err := journal.Open(filepath.Join(conf.Dir(), "journal"), journal.Options{
		Keep: conf.Alerts.Keep, MaxSize: conf.Alerts.MaxJournal, Log: log.With("part", "journal"),
	})
	if err != nil {
		return err
	}
	defer closing(log, "journal", jrnl.Close)
	alertLog, err := alerts.OpenLog(jrnl, log.With("part", "alerts"))
	if err != nil {
		return err
	}

	// Who may come in, and where.
	policy, err := access.New(conf.Server.Config, conf.Addresses())
	if err != nil {
		return err
	}
	listeners, err := openListeners(conf.Addresses())
	if err != nil {
		return err
	}
	externalURL := conf.Server.ExternalURL
	for _, l := range listeners {
		defer l.Close()
		if externalURL == "" && l.Addr().Network() == "tcp" {
			externalURL = listenURL(l, conf.Server.TLS.Enabled())
		}
	}
	var cert *certificate
	if conf.Server.TLS.Enabled() {
		if cert, err = loadCertificate(conf.Server.TLS, log.With("part", "tls")); err != nil {
			return fmt.Errorf("server.tls.%w", err)
		}
	}

	// Samples.
	d := &tickDriver{history: db, stages: &stages{}, cleaner: newCleaner(conf.Collectors.Interval)}
	base := labels.NewBuilder(labels.EmptyLabels())
	for name, value := range conf.Labels {
		base.Set(name, value)
	}
	base.Set(model.InstanceLabel, conf.Host())
	registry := metric.NewRegistry(base.Labels())
	self := &selfCollector{history: db.Stats, stages: d.stages, reload: &reloadState{}, proc: newProcessReader(started)}
	self.reload.at.Store(started.UnixMilli())
	sampler, err := collectors.New(conf.Collectors, registry, log.With("part", "collectors"), clock, self)
	if err != nil {
		return err
	}

	if last, err := db.Instant(ctx, `{__name__=~"node_.+"}`, lastTick); err == nil && lastTick > 0 {
		sampler.Resume(lastTick, last)
	}

	// Silences and rules.
	silences := silence.New(alertLog, time.Now)
	if faults := silences.Load(conf.Alerts.Silences); len(faults) > 0 {
		return errors.Join(faults...)
	}
	d.rules, err = alerts.NewEngine(alerts.EngineOptions{
		Query: db, Registry: registry, Append: d.appendResults, Interval: conf.Collectors.Interval, Log: log.With("part", "rules"),
		Lookback: conf.Lookback(), Range: db.Evaluator(proofSamples),
		Tracked: alertLog.Tracked(), LastTick: lastTick, Settle: conf.LongestInterval(), Silences: silences, ExternalURL: externalURL,
	})
	if err != nil {
		return err
	}
	if faults := d.rules.Load(conf.Alerts.Groups); len(faults) > 0 {
		return &config.Error{Faults: faults}
	}

	// The stream and what feeds it.
	queries := standing.New(db, conf.Stream.Standing(conf.Collectors.Interval))
	d.feed, err = feed.New(feed.Options{
		Config: conf.Stream.Feed, History: db, Standing: queries, Alerts: alertLog, Stale: d.rules.Stale,
		Interval: conf.Collectors.Interval, Retention: conf.History.Retention, Instance: conf.Host(), Version: version,
		MaxSubscriptions: conf.Stream.MaxSubscriptions, Log: log.With("part", "stream"),
	})
	if err != nil {
		return err
	}
	web := &routes{}
	web.policy.Store(policy)
	engine, err := stream.New(d.feed, stream.Options{
		Config: conf.Stream.Config, Protocols: []string{wire.SubprotocolJSON, wire.SubprotocolCBOR},
		Binary: wire.SubprotocolCBOR, OneType: true, Encode: d.feed.Encode, Heartbeat: feed.Heartbeat, Log: log.With("part", "stream"),
		Path: streamPath, Admit: web.admit,
	})
	if err != nil {
		return err
	}
	d.feed.Attach(engine)

	// What has to turn for the daemon to be alive.
	pulses := func() []pulse {
		return []pulse{
			{"rules", either(d.judging.idle, d.rules.Turns)},
			{"ticks", either(d.ticking.every(conf.Collectors.Interval), d.rules.Turns)},
			{"journal", d.recorder.Turns},
			{"poll loops", slowest(engine.Turns)},
		}
	}

	// Alerts on disk, then announced.
	runner, err := hooks.New(conf.Alerts.Hooks, hooks.Options{
		Log: alertLog, Instance: conf.Host(), Version: version, ExternalURL: externalURL, Logger: log.With("part", "hooks"),
		Checkup: func() func() error { return newCheckup(pulses(), d.recorder.Stats, jrnl.Stats, db.Stats) },
	})
	if err != nil {
		return err
	}

	d.recorder = alerts.NewRecorder(alertLog, log.With("part", "alerts"), d.feed.Events, runner.Announce)

	self.cert = cert
	self.sampler, self.stream, self.recorder, self.rules = sampler.Stats, engine.Stats, d.recorder.Stats, d.rules.Stats
	self.byRule = d.rules.Figures
	self.silences = silences.Stats
	self.feed, self.queries, self.journal, self.hooks, self.web = d.feed.Stats, queries.Stats, jrnl.Stats, runner.Stats, web

	// What the port answers.
	reload := &reloader{
		src: src, conf: conf, log: log, level: level, state: self.reload,
		rules: d.rules, silences: silences, hooks: runner, policy: web.policy.Store, listen: conf.Addresses(), cert: cert,
	}
	web.reload = reload.reload
	webLog := log.With("part", "http")
	mux := http.NewServeMux()
	mux.Handle(streamPath, engine)
	mux.Handle("/api/v1/query", only(api.Query(db, webLog), http.MethodGet, http.MethodHead, http.MethodPost))
	mux.Handle("/api/v1/query_range", only(api.QueryRange(db, webLog), http.MethodGet, http.MethodHead, http.MethodPost))
	mux.Handle("/api/v1/rules", only(api.Rules(d.rules.Rules, webLog), http.MethodGet, http.MethodHead, http.MethodPost))
	mux.Handle("/api/v1/alerts", only(api.Alerts(d.rules.Rules, webLog), http.MethodGet, http.MethodHead, http.MethodPost))
	mux.Handle("/api/v2/", api.Alertmanager(api.AlertmanagerOptions{
		Rules: d.rules.Rules, Silences: silences, Hooks: hookNames(runner), Told: toldOf(runner),
		Version: version, Started: started, Log: webLog,
	}))
	hookAPI := api.Hooks(runner, webLog)
	mux.Handle("/api/v1/hooks", hookAPI)
	mux.Handle("/api/v1/hooks/", hookAPI)
	mux.Handle("/metrics", only(api.Metrics(func() metric.Batch { return self.reload.overlay(d.last()) }, webLog), http.MethodGet, http.MethodHead))
	mux.Handle("/", dashboard.Handler())
	fronts, err := takeOver(engine, listeners, cert)
	if err != nil {
		return err
	}
	server := newServer(web.handler(mux), conf.Stream.HandshakeTimeout, webLog)

	// Run: what others stand on first.
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	start := func(name string, run func(context.Context) error) *component {
		return startComponent(name, run, func(err error) { fail(err) })
	}
	maintenance := start("history", db.Run)
	recording := start("journal", d.recorder.Run)
	telling := start("feed", d.feed.Run)
	streaming := start("stream", engine.Run)
	notifying := start("hooks", runner.Run)
	renewing := start("tls", func(ctx context.Context) error { return cert.Run(ctx) })
	cleaning := start("garbage", d.cleaner.run)
	serving := start("http", func(ctx context.Context) error { return serve(ctx, server, fronts) })
	for _, l := range listeners {
		log.Info("listening", "url", listenURL(l, cert != nil))
	}
	d.first = sync.OnceFunc(func() {
		web.ready.Store(true)
		log.Info("ready", "took", time.Since(started).Round(time.Millisecond))
		notify(log, daemon.SdNotifyReady)
	})
	sampling := start("collectors", func(ctx context.Context) error { return sampler.Run(ctx, d.tick) })
	watching := start("watchdog", func(ctx context.Context) error {
		feedWatchdog(ctx, log, watchdogInterval(log), func() { notify(log, daemon.SdNotifyWatchdog) }, pulses())
		<-ctx.Done()
		return nil
	})
	reloading := start("reload", func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-hup:
				_, _ = reload.reload() // logged there
			}
		}
	})

	<-ctx.Done()
	notify(log, daemon.SdNotifyStopping)
	log.Info("stopping")
	stopAll(log, sampling, watching, reloading, cleaning)
	stopAll(log, notifying, streaming, renewing, serving)
	stopAll(log, recording, telling, maintenance)
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

func closing(log *slog.Logger, what string, close func() error) {
	if err := close(); err != nil {
		log.Error("closing", "what", what, "error", err)
	}
}

// slowest is the count of the poll loop that has turned the least since the
// last time it was asked: as long as all turn, it grows.
func slowest(turns func() []uint64) func() uint64 {
	var last []uint64
	var rounds uint64
	return func() uint64 {
		now := turns()
		moved := last == nil
		if !moved {
			moved = true
			for i := range now {
				moved = moved && now[i] != last[i]
			}
		}
		if moved {
			last = now
			rounds++
		}
		return rounds
	}
}
