package standing

import (
	"fmt"
	"time"
)

// A rest keeps a query that goes beyond a bound from costing that much at every
// tick: from its second failure in a row on it is left alone for a while, twice
// as long each time. Its fields are guarded by the set's mu.
type rest struct {
	failures int
	until    time.Time
	why      *EvalError // told meanwhile
}

const (
	firstRest = 2 * time.Second
	maxRest   = time.Minute
)

// settle notes how an evaluation ended: err is nil if it kept to the bounds.
func (r *rest) settle(err *EvalError) {
	if err == nil || !err.bound() {
		*r = rest{}
		return
	}
	if r.failures++; r.failures > 1 {
		pause := min(firstRest<<min(r.failures-2, 10), maxRest)
		r.until = time.Now().Add(pause)
		r.why = &EvalError{err.Reason, fmt.Errorf("%w; it has failed %d times in a row and is left alone for %v", err.Err, r.failures, pause)}
	}
}

// resting returns why the query is not to be evaluated now, nil if it may be.
func (r *rest) resting() *EvalError {
	if r.why == nil || !time.Now().Before(r.until) {
		return nil
	}
	return r.why
}
