package alerts

import "monitord/metric"

// An Outcome is what came of evaluating the rules at one tick.
type Outcome struct {
	// Batch holds what the rules wrote: the results of recording rules, ALERTS and
	// ALERTS_FOR_STATE, and the series of theirs that ended. It has been given to
	// the history already.
	Batch metric.Batch
	// Events are the transitions, for the recorder. None has a number yet.
	Events []Event
	// Hole is the time before this tick in which the daemon did not run, for the
	// recorder; nil if there was none.
	Hole *Hole
	// Notes are what is to be remembered of alerts beside the events, for the
	// recorder.
	Notes []Note
}
