package hooks

import (
	"context"
	"errors"
	"time"

	"monitord/alerts"
	"monitord/alerts/journal"
)

// result is what came of one attempt.
type result struct {
	h     *hook
	d     *delivery
	event alerts.Event
	took  time.Duration
	chore *chore // what was done, if it was no delivery
	outcome

	aborted bool // the daemon stops: neither success nor failure
	unread  bool // the journal could not be read just now
	gone    bool // the journal no longer has the event
}

// attempt delivers once. It runs in a goroutine of its own and touches neither
// hook nor delivery beyond what it was given.
func (r *Runner) attempt(ctx context.Context, c compiled, seq uint64, loose *alerts.Event) result {
	var res result
	if loose != nil {
		res.event = *loose
	} else {
		e, err := readOne(r.log, seq)
		if err != nil {
			r.slog.Warn("reading the alert journal for a hook failed", "hook", c.Name, "seq", seq, "err", err)
			res.unread = true
			return res
		}
		if e == nil {
			res.gone = true
			return res
		}
		res.event = *e
	}
	m, err := r.origin.compose(draft{hook: c.Name, events: []alerts.Event{res.event}})
	if err != nil {
		res.outcome = outcome{err: err, permanent: true}
		return res
	}
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	start := time.Now()
	res.outcome = c.sender.send(limited, m)
	res.took = time.Since(start)
	res.aborted = res.err != nil && ctx.Err() != nil
	return res
}

// readOne returns the event with that number, nil if it is not kept.
func readOne(log Log, seq uint64) (*alerts.Event, error) {
	if seq == 0 {
		return nil, nil
	}
	events, err := log.Read(seq-1, 1)
	switch {
	case errors.Is(err, journal.ErrExpired), errors.Is(err, journal.ErrBeyond):
		return nil, nil
	case err != nil:
		return nil, err
	case len(events) == 0 || events[0].Seq != seq:
		return nil, nil
	}
	return &events[0], nil
}
