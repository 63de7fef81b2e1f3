package collectors

import "time"

// Stats counts since the sampler was made. It is a copy.
type Stats struct {
	Ticks  uint64 // taken and delivered
	Missed Missed
	Last   int64 // nominal time of the newest tick delivered, Unix milliseconds; 0: none yet
	Points int   // in that tick's batch

	Steps uint64        // times that the ticks followed a clock that had been set
	Ahead time.Duration // how far the wall clock is ahead of the ticks, while it is not followed

	// Dropped counts values left out: no finite numbers, twice the same series
	// in one tick, or beyond what one collector may add.
	Dropped uint64

	Collectors []CollectorStats
}

// Missed counts the ticks left out, by reason.
type Missed struct {
	Late    uint64 // the daemon was not given the processor in time
	Overrun uint64 // what was done with the tick before took too long
	Clock   uint64 // the wall clock was set, or the host was asleep
}

// Total is the number of ticks left out for any reason.
func (m Missed) Total() uint64 { return m.Late + m.Overrun + m.Clock }

// A reason says why a tick was left out.
type reason string

const (
	late    reason = "late"
	overran reason = "overrun"
	clock   reason = "clock"
)

func (m *Missed) add(why reason, n uint64) {
	switch why {
	case late:
		m.Late += n
	case overran:
		m.Overrun += n
	case clock:
		m.Clock += n
	}
}

// CollectorStats is how one collector has fared.
type CollectorStats struct {
	Name   string
	Runs   uint64 // that returned, failed or not
	Failed uint64 // of these, those with an error
	Panics uint64 // of these, those that panicked
	Hung   uint64 // runs that did not return within their deadline
	Stuck  int    // goroutines that hang at this moment
}
