package trial

import "time"

// Bounds of how long before the time asked for a replay begins.
const (
	maxWarmUp = 24 * time.Hour
	// clearWarmUp is for an alert that lasts until `clear` ends it: nobody knows how
	// long ago it began.
	clearWarmUp = time.Hour
)

// warmUp is how long before the time asked for rules must be evaluated for what is
// pending and firing then to be known: as long as an alert waits and is held, and for
// what reads the results of rules as far back as it reads them.
func warmUp(blocks []*block) time.Duration {
	var longest time.Duration
	need := make(map[*stage]time.Duration)
	for i := len(blocks) - 1; i >= 0; i-- { // what reads before what is read
		for _, s := range blocks[i].stages {
			need[s] = max(need[s], s.settles())
			if s.waits {
				need[s] += s.reach
			}
			longest = max(longest, need[s])
		}
		for _, s := range blocks[i].stages {
			for _, writer := range s.needs {
				need[writer] = max(need[writer], need[s])
			}
		}
	}
	return min(longest, maxWarmUp)
}

// settles is how long an alert of the rule may take until what it does no longer
// depends on what was before.
func (s *stage) settles() time.Duration {
	r := s.rule
	if r.Recording {
		return 0
	}
	d := r.Every + r.For + r.KeepFiringFor
	if r.Flap != nil {
		d += r.Flap.Window
	}
	if r.Clear != "" {
		d += clearWarmUp
	}
	return d
}
