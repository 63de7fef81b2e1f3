package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
)

// notify tells the service manager (sd_notify(3)); without one it does nothing.
func notify(log *slog.Logger, state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		log.Warn("service manager not reached", "state", state, "error", err)
	}
}

// A pulse is something that must keep moving for the daemon to be alive. turns
// grows with every turn that it makes, idle ones included.
type pulse struct {
	name  string
	turns func() uint64
}

// watchdogInterval is the time within which the service manager wants to be told
// that the daemon lives; 0: it does not ask.
func watchdogInterval(log *slog.Logger) time.Duration {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		log.Warn("watchdog", "error", err)
		return 0
	}
	return interval
}

// feedWatchdog feeds a watchdog that bites after interval, as long as every pulse
// has moved since it was last fed. It returns when ctx ends.
func feedWatchdog(ctx context.Context, log *slog.Logger, interval time.Duration, feed func(), pulses []pulse) {
	if interval == 0 {
		return
	}
	last := make([]uint64, len(pulses))
	missed := 0
	ticker := time.NewTicker(max(interval/4, 100*time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if stuck := stuckPulse(pulses, last); stuck != "" {
			// Once may be chance: the next look is well before the time is over.
			if missed++; missed == 2 {
				log.Warn("watchdog is not fed", "stands", stuck)
			}
			continue
		}
		missed = 0
		for i, p := range pulses {
			last[i] = p.turns()
		}
		feed()
	}
}

// stuckPulse returns the first pulse that has not moved since last, or "".
func stuckPulse(pulses []pulse, last []uint64) string {
	for i, p := range pulses {
		if p.turns() == last[i] {
			return p.name
		}
	}
	return ""
}
