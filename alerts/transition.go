package alerts

import "time"

// A State is where one alert stands between evaluations. The zero value is an
// alert that is not active. In one that has ended the times are those of its
// last life.
type State struct {
	Phase    Phase         // "" is PhaseInactive
	ActiveAt int64         // Unix milliseconds of the evaluation that first returned it
	FiringAt int64         // of the one at which it began to fire; 0 before
	Checked  int64         // of the latest evaluation
	Lost     time.Duration // since ActiveAt, what does not count for `for`
	Value    float64       // the last one returned
}

// Active reports whether the alert is pending or firing.
func (s State) Active() bool { return s.Phase == PhasePending || s.Phase == PhaseFiring }

// A Verdict is what an evaluation says about one alert.
type Verdict uint8

const (
	// Unknown: the evaluation failed. The alert stays as it is.
	Unknown Verdict = iota
	// Absent: the expression did not return it.
	Absent
	// Present: the expression returned it.
	Present
	// Unfilled: the expression did not return it, but the range that it looks at
	// has a hole, so that this says nothing. The alert stays as it is, and the time
	// does not count for `for`.
	Unfilled
)

// A Result is the outcome of an evaluation for one alert.
type Result struct {
	Verdict Verdict
	Value   float64 // if Present
}

// A Timing is what a rule asks of its alerts in time.
type Timing struct {
	For time.Duration
}

// Transition moves one alert over an evaluation at now (Unix milliseconds, not
// before the ones that came earlier) and returns what happened, in order. It is
// Prometheus 3's AlertingRule.Eval for one element of the result: an alert is
// pending from the evaluation that first returns it and fires at the first one
// at which it has been so for `for`; with `for` 0 that is the same one, and
// it was never pending. Where Prometheus has no words: a pending alert that ends
// is inactive, and one that fires stays firing when a reload makes `for` longer.
func Transition(s State, r Result, now int64, timing Timing) (State, []Kind) {
	since := time.Duration(now-s.Checked) * time.Millisecond
	s.Checked = now
	switch r.Verdict {
	case Present:
		s.Value = r.Value
		return present(s, now, timing)
	case Absent:
		return absent(s)
	case Unfilled:
		if s.Active() {
			s.Lost = addLost(s.Lost, max(since, 0))
		}
	}
	return s, nil
}

func present(s State, now int64, timing Timing) (State, []Kind) {
	fresh := !s.Active()
	if fresh {
		s = State{Phase: PhasePending, ActiveAt: now, Checked: now, Value: s.Value}
	}
	held := time.Duration(now-s.ActiveAt)*time.Millisecond - s.Lost
	switch {
	case s.Phase == PhasePending && held >= timing.For:
		s.Phase, s.FiringAt = PhaseFiring, now
		return s, []Kind{KindFiring}
	case fresh:
		return s, []Kind{KindPending}
	}
	return s, nil
}

// absent leaves the times of an alert that ended: its last event tells them.
func absent(s State) (State, []Kind) {
	before := s.Phase
	s.Phase = PhaseInactive
	switch before {
	case PhaseFiring:
		return s, []Kind{KindResolved}
	case PhasePending:
		return s, []Kind{KindInactive}
	}
	return s, nil
}

// Away is the state after a time in which the daemon did not run, or after the
// clock was set back (d is negative then): what passed does not count for `for`.
// The next evaluation is taken to follow right after it.
func (s State) Away(d time.Duration, until int64) State {
	if s.Active() {
		s.Lost = addLost(s.Lost, d)
	}
	s.Checked = until
	return s
}

// maxLost keeps sums of lost time from overflowing.
const maxLost = 100 * 365 * 24 * time.Hour

func addLost(lost, d time.Duration) time.Duration {
	d = min(max(d, -maxLost), maxLost)
	return min(max(lost+d, -maxLost), maxLost)
}
