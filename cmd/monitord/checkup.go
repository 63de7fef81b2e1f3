package main

import (
	"errors"
	"fmt"

	"monitord/alerts"
	"monitord/alerts/journal"
	"monitord/history"
)

// newCheckup returns what says, for a heartbeat, whether all has been well since
// it was last called, or since now: every pulse has moved, and journal and
// history take what they are given. It is not safe for concurrent use.
func newCheckup(pulses []pulse, recorder func() alerts.RecorderStats, log func() journal.Stats, stored func() history.Stats) func() error {
	last := make([]uint64, len(pulses))
	for i, p := range pulses {
		last[i] = p.turns()
	}
	return func() error {
		stuck := stuckPulse(pulses, last)
		for i, p := range pulses {
			last[i] = p.turns()
		}
		switch {
		case stuck != "":
			return fmt.Errorf("nothing moves in: %s", stuck)
		case recorder().Refused || log().Broken:
			return errors.New("the alert journal takes nothing")
		case !stored().Writable:
			return errors.New("the history takes nothing")
		}
		return nil
	}
}
