package standing

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"monitord/history"
)

// A Reason is why an evaluation came to nothing.
type Reason int

// The reasons. The first three are bounds of the [Config].
const (
	Samples   Reason = iota // it held too many samples
	Time                    // it took too long
	Series                  // its result is too wide
	Execution               // it is impossible on this data: many series match many
	Storage                 // the history could not be read
	reasons
)

// String returns a word for the reason, as metrics have it.
func (r Reason) String() string {
	return [...]string{"samples", "time", "series", "execution", "storage"}[r]
}

// An EvalError is an evaluation that came to nothing.
type EvalError struct {
	Reason Reason
	Err    error // for people; with a bound it says how to raise it
}

func (e *EvalError) Error() string { return e.Err.Error() }

func (e *EvalError) Unwrap() error { return e.Err }

// bound says whether the query went beyond one of the bounds that cost something.
func (e *EvalError) bound() bool {
	return e.Reason == Samples || e.Reason == Time || e.Reason == Series
}

// counters count what evaluations came to.
type counters struct {
	evaluations, skipped atomic.Uint64
	nanoseconds          atomic.Int64
	failed               [reasons]atomic.Uint64
}

// Stats says what a set has done. Failed are evaluations by reason, those
// skipped not included.
type Stats struct {
	Evaluations uint64 // at one time, or at several at once for a replay
	Time        time.Duration
	Skipped     uint64 // of queries that keep exceeding a bound
	Failed      map[string]uint64
}

// Stats returns what the set has done so far.
func (s *Set) Stats() Stats {
	st := Stats{
		Evaluations: s.count.evaluations.Load(), Skipped: s.count.skipped.Load(),
		Time: time.Duration(s.count.nanoseconds.Load()), Failed: make(map[string]uint64, reasons),
	}
	for r := range reasons {
		st.Failed[r.String()] = s.count.failed[r].Load()
	}
	return st
}

// explain makes an EvalError of what went wrong within the time limit of ctx,
// which the caller's own did not end.
func (s *Set) explain(err error) *EvalError {
	var qe *history.QueryError
	switch {
	case errors.As(err, &qe) && qe.TooManySamples():
		return &EvalError{Samples, fmt.Errorf(
			"the query holds more than %d samples at once, the most that max_query_samples in [stream] allows: select fewer series, take a shorter range, or raise it", s.c.MaxSamples)}
	case errors.Is(err, context.DeadlineExceeded), qe != nil && qe.Kind == history.Timeout:
		return &EvalError{Time, fmt.Errorf(
			"the query takes longer than %v, the most that max_query_time in [stream] allows: select fewer series, take a shorter range, or raise it", s.c.Timeout)}
	case errors.Is(err, history.ErrTooMany):
		return s.tooWide()
	case qe != nil && qe.Kind == history.Storage, qe == nil && !errors.Is(err, history.ErrNotVector):
		return &EvalError{Storage, err}
	}
	return &EvalError{Execution, err}
}

func (s *Set) tooWide() *EvalError {
	return &EvalError{Series, fmt.Errorf(
		"the result of the query has more than %d series, the most that max_query_series in [stream] allows: aggregate it, or raise it", s.c.MaxColumns)}
}

func (s *Set) tooWideTogether() *EvalError {
	return &EvalError{Series, fmt.Errorf(
		"with this one the results of all standing queries have more than %d series, %d times what max_query_series in [stream] allows one: aggregate it, or raise that",
		togetherTimes*s.c.MaxColumns, togetherTimes)}
}

// togetherTimes is how much wider the newest results of all queries together may
// be than one.
const togetherTimes = 50
