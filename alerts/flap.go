package alerts

import (
	"fmt"
	"slices"
	"time"
)

// A Flap says when an alert comes and goes too often. The zero value says never.
//
// What counts is each firing and each resolved. At the firing that is the
// Changes-th of them within Window the alert is marked flapping, and from then on
// held firing: who is told is told of that firing, and of one resolved when it is
// over. While it is held, each time that its condition comes or goes counts, and
// it is over when fewer than Changes of them lie within Window: then the alert
// resolves, if its condition is gone, or goes on firing unmarked.
type Flap struct {
	Changes int           `toml:"changes"`
	Window  time.Duration `toml:"window"`
}

// Bounds of what a rule may ask for.
const (
	minFlapChanges = 2
	maxFlapChanges = 100
	maxFlapWindow  = 24 * time.Hour
)

// faults returns what is wrong, by key.
func (f Flap) faults() map[string]string {
	wrong := make(map[string]string)
	if f.Changes < minFlapChanges || f.Changes > maxFlapChanges {
		wrong["flap.changes"] = fmt.Sprintf("is %d, must be from %d to %d", f.Changes, minFlapChanges, maxFlapChanges)
	}
	if f.Window <= 0 || f.Window > maxFlapWindow {
		wrong["flap.window"] = fmt.Sprintf("is %v, must be more than 0 and at most %v", f.Window, maxFlapWindow)
	}
	return wrong
}

// note returns changes with one more: the newest, as many as matter.
func (f Flap) note(changes []int64, now int64) []int64 {
	if f.Changes == 0 {
		return nil
	}
	kept := f.recent(changes, now)
	kept = kept[max(len(kept)-f.Changes+1, 0):]
	return append(slices.Clone(kept), now)
}

// recent returns the changes that lie within the window.
func (f Flap) recent(changes []int64, now int64) []int64 {
	for i, at := range changes {
		if now-at < f.Window.Milliseconds() {
			return changes[i:]
		}
	}
	return nil
}

func (f Flap) flaps(changes []int64, now int64) bool {
	return f.Changes > 0 && len(f.recent(changes, now)) >= f.Changes
}

// moved returns changes as they are after the clock was set back by -d; a time
// that passed moves nothing.
func moved(changes []int64, d time.Duration) []int64 {
	if d >= 0 || len(changes) == 0 {
		return changes
	}
	all := make([]int64, len(changes))
	for i, at := range changes {
		all[i] = max(at+d.Milliseconds(), 0)
	}
	return all
}
