package main

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"monitord/access"
	"monitord/alerts"
	"monitord/alerts/hooks"
	"monitord/alerts/silence"
	"monitord/cmd/monitord/config"
)

// A reloader reads the configuration again: all of it or, if there is any
// fault, nothing. It is safe for concurrent use.
type reloader struct {
	log      *slog.Logger
	level    *slog.LevelVar
	state    *reloadState
	rules    *alerts.Engine
	silences *silence.Silences
	hooks    *hooks.Runner
	policy   func(*access.Policy)
	listen   []string
	cert     *certificate // nil: TLS is not spoken

	mu   sync.Mutex // guards the fields below, and one reload at a time
	src  config.Source
	conf *config.Config // what the daemon was started with, and the reloadable keys in force
}

// reload returns the keys whose change needs a restart, or why the configuration that
// was found is not in force.
func (r *reloader) reload() ([]string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	notify(r.log, daemon.SdNotifyReloading)
	defer notify(r.log, daemon.SdNotifyReady)
	waiting, err := r.replace()
	r.state.failed.Store(err != nil)
	if err != nil {
		var faulty *config.Error
		if errors.As(err, &faulty) {
			for _, f := range faulty.Faults {
				r.log.Error("configuration", "fault", f.Error())
			}
		}
		r.log.Error("configuration not reloaded, the old one stays in force")
		return nil, fmt.Errorf("the old configuration stays in force:\n%w", err)
	}
	for _, key := range waiting {
		r.log.Warn("a change of this key needs a restart, the old value stays in force", "key", key)
	}
	r.state.at.Store(time.Now().UnixMilli())
	r.log.Info("configuration reloaded")
	return waiting, nil
}

// replace does everything that can fail first, then swaps. It returns the keys that
// differ and need a restart.
func (r *reloader) replace() ([]string, error) {
	r.src = r.src.Look()
	src := r.src
	src.Interval = r.conf.Collectors.Interval
	conf, err := src.Load()
	if err != nil {
		return nil, err
	}
	policy, err := access.New(conf.Server.Config, r.listen)
	if err != nil {
		return nil, err
	}
	level, err := conf.Log.SlogLevel()
	if err != nil {
		return nil, err
	}
	renew := func() {}
	if r.cert != nil && conf.Server.TLS.Enabled() {
		pair, found, err := conf.Server.TLS.Load()
		if err != nil {
			return nil, fmt.Errorf("server.tls.%w", err)
		}
		renew = func() { r.cert.use(conf.Server.TLS, pair, found) }
	}
	// Once more as they were checked, for the ticks that there are.
	rules, faults := alerts.Compile(conf.Alerts.Groups, r.conf.Collectors.Interval)
	if len(faults) > 0 {
		return nil, &config.Error{Faults: faults}
	}
	// Of these only the hooks can still be refused: a file with a secret may
	// have gone since it was checked.
	if err := r.hooks.Reload(conf.Alerts.Hooks); err != nil {
		return nil, err
	}
	r.rules.Use(rules)
	if faults := r.silences.Load(conf.Alerts.Silences); len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	r.policy(policy)
	renew()
	r.level.Set(level)
	return config.NeedRestart(r.conf, conf), nil
}
