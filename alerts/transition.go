package alerts

import "time"

// A State is where one alert stands between evaluations. The zero value is an
// alert that is not active. In one that has ended the times are those of its
// last life. It is a value: what it refers to is never changed.
type State struct {
	Phase    Phase   // "" is PhaseInactive
	ActiveAt int64   // Unix milliseconds of the evaluation that first returned it
	FiringAt int64   // of the one at which it began to fire; 0 before
	Checked  int64   // of the latest evaluation
	Value    float64 // the last one returned
	memory
}

// A memory is what of a State is told by no event, or only by the latest one, and
// must be there after a restart.
type memory struct {
	Lost     time.Duration // since ActiveAt, what does not count for `for`
	GoneAt   int64         // the evaluation from which on it would have ended but is held firing; 0: it is not
	GoneLost time.Duration // since GoneAt, what does not count for `keep_firing_for`
	Flapping bool          // it is held firing because it comes and goes too often
	Changes  []int64       // when it last came and went, ascending; with Timing.Flap only
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
	// counts for neither `for` nor `keep_firing_for`.
	Unfilled
	// Uncleared: the expression did not return it, and `clear` does not either. An
	// alert that fires goes on as if it had been returned.
	Uncleared
)

// A Result is the outcome of an evaluation for one alert.
type Result struct {
	Verdict Verdict
	Value   float64 // if Present
}

// A Timing is what a rule asks of its alerts in time.
type Timing struct {
	For           time.Duration
	KeepFiringFor time.Duration
	Flap          Flap
}

// Transition moves one alert over an evaluation at now (Unix milliseconds, not
// before the ones that came earlier) and returns what happened, in order. It is
// Prometheus 3's AlertingRule.Eval for one element of the result: an alert is
// pending from the evaluation that first returns it and fires at the first one
// at which it has been so for `for`; with `for` 0 that is the same one, and
// it was never pending. It resolves at the first evaluation that does not return
// it, or with `keep_firing_for` at the first one by which that has been so for as
// long. Where Prometheus has no words: a pending alert that ends is inactive, and
// one that fires stays firing when a reload makes `for` longer. An alert that
// flaps (see [Flap]) does not end.
func Transition(s State, r Result, now int64, timing Timing) (State, []Kind) {
	since := time.Duration(now-s.Checked) * time.Millisecond
	s.Checked = now
	if timing.Flap.Changes == 0 {
		s.Flapping, s.Changes = false, nil
	}
	switch r.Verdict {
	case Present:
		s.Value = r.Value
		return present(s, now, timing)
	case Uncleared:
		if s.Phase == PhaseFiring {
			return returned(s, now, timing), nil
		}
		return absent(s, now, timing)
	case Absent:
		return absent(s, now, timing)
	case Unfilled:
		if s.Active() {
			s.lose(max(since, 0))
		}
	}
	return s, nil
}

func present(s State, now int64, timing Timing) (State, []Kind) {
	fresh := !s.Active()
	if fresh {
		s = State{Phase: PhasePending, ActiveAt: now, Checked: now, Value: s.Value, memory: memory{Changes: s.Changes}}
	}
	if s.Phase == PhaseFiring {
		return returned(s, now, timing), nil
	}
	held := time.Duration(now-s.ActiveAt)*time.Millisecond - s.Lost
	switch {
	case held >= timing.For:
		s.Phase, s.FiringAt = PhaseFiring, now
		s.Changes = timing.Flap.note(s.Changes, now)
		s.Flapping = timing.Flap.flaps(s.Changes, now)
		return s, []Kind{KindFiring}
	case fresh:
		return s, []Kind{KindPending}
	}
	return s, nil
}

// returned is an alert that fires and whose condition holds, or holds again.
func returned(s State, now int64, timing Timing) State {
	if s.GoneAt != 0 && s.Flapping {
		s.Changes = timing.Flap.note(s.Changes, now)
	}
	s.GoneAt, s.GoneLost = 0, 0
	s.Flapping = s.Flapping && timing.Flap.flaps(s.Changes, now)
	return s
}

// absent leaves the times of an alert that ended: its last event tells them.
func absent(s State, now int64, timing Timing) (State, []Kind) {
	switch s.Phase {
	case PhasePending:
		s.Phase = PhaseInactive
		return s, []Kind{KindInactive}
	case PhaseFiring:
	default:
		s.Phase = PhaseInactive
		return s, nil
	}
	if s.GoneAt == 0 {
		s.GoneAt, s.GoneLost = now, 0
		if s.Flapping {
			s.Changes = timing.Flap.note(s.Changes, now)
		}
	}
	s.Flapping = s.Flapping && timing.Flap.flaps(s.Changes, now)
	gone := time.Duration(now-s.GoneAt)*time.Millisecond - s.GoneLost
	// More time may be lost than has passed, where a kill took the tick at which it
	// went: what is not to be kept ends all the same, a rule that is gone among it.
	if s.Flapping || timing.KeepFiringFor > 0 && gone < timing.KeepFiringFor {
		return s, nil
	}
	if n := len(s.Changes); n == 0 || s.Changes[n-1] != s.GoneAt {
		s.Changes = timing.Flap.note(s.Changes, now) // not counted while it flapped
	}
	s.Phase, s.GoneAt, s.GoneLost = PhaseInactive, 0, 0
	return s, []Kind{KindResolved}
}

// Away is the state after a time in which the daemon did not run, or after the
// clock was set back (d is negative then): what passed counts for neither `for`
// nor `keep_firing_for`. The next evaluation is taken to follow right after it.
func (s State) Away(d time.Duration, until int64) State {
	if s.Active() {
		s.memory = s.memory.away(d)
	}
	s.Checked = until
	return s
}

// away is the memory of an active alert after a time that does not count.
func (m memory) away(d time.Duration) memory {
	m.lose(d)
	m.Changes = moved(m.Changes, d)
	return m
}

func (m *memory) lose(d time.Duration) {
	m.Lost = addLost(m.Lost, d)
	if m.GoneAt != 0 {
		m.GoneLost = addLost(m.GoneLost, d)
	}
}

// maxLost keeps sums of lost time from overflowing.
const maxLost = 100 * 365 * 24 * time.Hour

func addLost(lost, d time.Duration) time.Duration {
	d = min(max(d, -maxLost), maxLost)
	return min(max(lost+d, -maxLost), maxLost)
}
