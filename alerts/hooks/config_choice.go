package hooks

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"

	"monitord/alerts/match"
)

const (
	maxGroupBy   = 16
	maxPerMinute = 6000
)

// chooses checks what a configuration says about which alerts are delivered,
// how often and with which others.
func (c Config) chooses() (match.Matchers, []error) {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for i, text := range c.Matchers {
		if _, err := match.Parse(text); err != nil {
			fault("matchers[%d]: %w", i, err)
		}
	}
	matchers, err := match.Parse(c.Matchers...)
	if err != nil && len(faults) == 0 {
		fault("matchers: %w", err)
	}
	if c.Repeat != 0 && (c.Repeat < time.Second || c.Repeat > 30*24*time.Hour) {
		fault("repeat: is %v, must be from 1s to 30d, or 0s for never", c.Repeat)
	}
	if len(c.GroupBy) > maxGroupBy {
		fault("group_by: has %d labels, must have at most %d", len(c.GroupBy), maxGroupBy)
	}
	for i, name := range c.GroupBy {
		if !model.UTF8Validation.IsValidLabelName(name) {
			fault("group_by[%d]: %q is no name of a label, write one such as \"alertname\"", i, name)
		}
	}
	if c.GroupWait < 0 || c.GroupWait > time.Hour {
		fault("group_wait: is %v, must be from 0s to 1h", c.GroupWait)
	}
	if c.MaxPerMinute < 0 || c.MaxPerMinute > maxPerMinute {
		fault("max_per_minute: is %d, must be from 0 to %d", c.MaxPerMinute, maxPerMinute)
	}
	return matchers, faults
}
