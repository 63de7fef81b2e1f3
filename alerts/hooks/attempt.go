package hooks

import (
	"context"
	"errors"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
	"monitord/alerts/hooks/send"
	"monitord/alerts/journal"
)

// A job is what one attempt needs to know, so that it touches neither hook nor
// delivery, which are the runner's.
type job struct {
	compiled
	seqs   []uint64
	keys   []string
	event  *alerts.Event // of a delivery without a number
	repeat int
	seals  []alerts.Note // what is to be in the journal before the first attempt
	owes   bool          // and must be: what follows would be lost in a kill
}

// result is what came of one attempt.
type result struct {
	h      *hook
	d      *delivery
	events []alerts.Event
	took   time.Duration
	chore  *chore // what was done, if it was no delivery
	send.Outcome

	stored  bool // the seals are in the journal
	refused bool // they are not, and must be
	aborted bool // the daemon stops: neither success nor failure
	unread  bool // the journal could not be read just now
	gone    bool // the journal no longer has the event
}

// attempt delivers once. It runs in a goroutine of its own.
func (r *Runner) attempt(ctx context.Context, j job) result {
	var res result
	var err error
	if res.events, err = r.eventsOf(j); err != nil {
		r.slog.Warn("reading the alert journal for a hook failed", "hook", j.Name, "seq", j.seqs[len(j.seqs)-1], "err", err)
		res.unread = true
		return res
	}
	if len(res.events) == 0 {
		res.gone = true
		return res
	}
	m, err := r.origin.Compose(message.Draft{Hook: j.Name, Events: res.events, GroupBy: j.GroupBy, Repeat: j.repeat})
	if err != nil {
		res.Outcome = send.Outcome{Err: err, Permanent: true}
		return res
	}
	if len(j.seals) > 0 {
		err := r.sealed(ctx, j.seals)
		if err != nil && j.owes {
			res.refused = true
			return res
		}
		if err != nil {
			// To tell is worth more than to tell under one key only.
			r.slog.Warn("noting what a hook delivers at once failed; after a kill it may be delivered in other groups", "hook", j.Name, "err", err)
		}
		res.stored = err == nil
	}
	limited, cancel := context.WithTimeout(ctx, j.Timeout)
	defer cancel()
	start := time.Now()
	res.Outcome = j.sender.Send(limited, m)
	res.took = time.Since(start)
	res.aborted = res.Err != nil && ctx.Err() != nil
	return res
}

// sealTime is how long a disk has to take a seal, unless a runner is told otherwise.
const sealTime = 2 * time.Second

var errDisk = errors.New("the disk has not answered in time")

// sealed has seals written. A disk that does not answer is not waited for: an
// attempt would keep its place, and so keep others from being told, too.
func (r *Runner) sealed(ctx context.Context, seals []alerts.Note) error {
	select {
	case r.seals <- struct{}{}:
	default:
		return errDisk // so many wait for it already
	}
	done := make(chan error, 1)
	r.sealing.Go(func() {
		err := r.scribe.seal(ctx, seals)
		<-r.seals
		done <- err
	})
	late := time.NewTimer(r.sealFor)
	defer late.Stop()
	select {
	case err := <-done:
		return err
	case <-late.C:
		return errDisk
	}
}

// eventsOf returns the events of a delivery that there still are.
func (r *Runner) eventsOf(j job) ([]alerts.Event, error) {
	if j.event != nil {
		return []alerts.Event{*j.event}, nil
	}
	events := make([]alerts.Event, 0, len(j.seqs))
	for i, seq := range j.seqs {
		e, err := readOne(r.log, seq)
		if err != nil {
			return nil, err
		}
		if e == nil {
			e = stillFiring(r.log, j.keys[i], seq)
		}
		if e != nil {
			events = append(events, *e)
		}
	}
	return events, nil
}

// stillFiring returns an event that told of an alert from what the log knows of
// the present: an alert may fire for longer than that is kept. nil if it ended.
func stillFiring(log Log, key string, seq uint64) *alerts.Event {
	e, ok := log.Active(key)
	if !ok || e.Alert.State != alerts.PhaseFiring || e.Seq > seq {
		return nil
	}
	e.Seq = seq // it may have been told when a silence ended
	return &e
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
