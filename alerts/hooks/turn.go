package hooks

import (
	"context"
	"errors"
	"slices"
	"time"

	"monitord/alerts"
	"monitord/alerts/journal"
)

// timer fires when the next retry is due, of a delivery or of reading; nil if none is.
func (r *Runner) timer(now time.Time) *time.Timer {
	var first time.Time
	for _, h := range r.hooks {
		if at, ok := h.wake(); ok && (first.IsZero() || at.Before(first)) {
			first = at
		}
		if at, ok := h.chore.wake(); ok && h.running < h.Concurrency && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	if r.running >= maxRunning {
		first = time.Time{} // a result comes before anything can be started
	}
	if !r.reread.IsZero() && (first.IsZero() || r.reread.Before(first)) {
		first = r.reread
	}
	if r.again.After(now) && (first.IsZero() || r.again.Before(first)) {
		first = r.again
	}
	if first.IsZero() {
		return nil
	}
	return time.NewTimer(first.Sub(now))
}

// pagesAtOnce bounds what a hook reads before others have their turn, pagesAtTurn
// what all of them do before what is due is attempted.
const (
	pagesAtOnce = 8
	pagesAtTurn = 64
	pageEvents  = 256
)

// readOn takes in what is new in the journal, up to the number last. It returns
// whether there is more.
func (r *Runner) readOn(now time.Time, last uint64) bool {
	more := false
	r.reread = time.Time{}
	pages := 0
	for i := range r.hooks {
		h := r.hooks[(r.reader+i)%len(r.hooks)]
		if pages >= pagesAtTurn {
			r.reader = (r.reader + i) % len(r.hooks)
			return true
		}
		for page := 0; h.read < last && h.room(); page++ {
			if page == pagesAtOnce {
				more = true
				break
			}
			pages++
			limit := pageEvents
			if h.read >= h.target {
				limit = min(limit, h.share-h.held)
			}
			events, err := r.log.Read(h.read, limit)
			switch {
			case errors.Is(err, journal.ErrExpired):
				first := max(r.log.First(), h.read+2)
				r.slog.Error("events were dropped from the alert journal before a hook had read them", "hook", h.Name, "from", h.read+1, "to", first-1)
				h.missed(r.log, first, now)
				h.read = first - 1
				continue
			case err != nil:
				r.slog.Error("reading the alert journal for a hook failed, it is tried again", "hook", h.Name, "err", err)
				r.reread = now.Add(retryDisk)
			}
			if len(events) == 0 {
				if err == nil {
					h.target = min(h.target, h.read)
				}
				break
			}
			for i := range events {
				if events[i].Seq > last {
					break
				}
				if e := h.take(&events[i], now); e != nil {
					r.scribe.add([]alerts.Event{*e}, nil)
				}
			}
		}
		if h.read >= h.target && len(h.sealed) > 0 {
			h.arrived()
		}
	}
	return more
}

// dispatch starts what may run now, the hooks by turns.
func (r *Runner) dispatch(ctx context.Context, now time.Time) {
	for _, h := range r.hooks {
		h.remind(now, r.log)
	}
	idle := 0
	for r.running < maxRunning && idle < len(r.hooks) {
		h := r.hooks[r.turn%len(r.hooks)]
		r.turn++
		if r.startChore(ctx, h, now) {
			idle = 0
			continue
		}
		d := h.next(now)
		if d == nil {
			idle++
			continue
		}
		idle = 0
		r.running++
		j := job{h.compiled, slices.Clone(d.seqs), slices.Clone(d.keys), d.event, d.repeat, h.sealsOf(d), d.owes()}
		go func() {
			res := r.attempt(ctx, j)
			res.h, res.d = h, d
			r.results <- res
		}()
	}
}

// finish takes in one result.
func (r *Runner) finish(res result, now time.Time) {
	if res.chore != nil {
		r.finishChore(res, now)
		return
	}
	r.running--
	event := res.h.finish(res, now)
	if event != nil {
		r.scribe.add([]alerts.Event{*event}, nil)
	}
	var name string
	if len(res.events) > 0 {
		name = res.events[len(res.events)-1].Alert.Labels.Get("alertname")
	}
	d := res.d
	said := r.slog.With("hook", res.h.Name, "alert", name, "seq", d.of(), "alerts", len(d.seqs), "attempts", d.attempts)
	switch {
	case res.gone:
		r.slog.Error("an event is no longer in the alert journal and cannot be delivered", "hook", res.h.Name, "seq", d.of())
	case res.refused:
		said.Warn("what was given up is not retried now, since the disk does not take what is to be said behind it: retry it later")
	case event != nil && event.Delivery.GivenUp, event == nil && d.verdict != nil && d.verdict.Delivery.GivenUp:
		said.Error("a delivery is given up", "err", res.Err)
	case event != nil && res.Err != nil:
		said.Warn("a delivery failed and is tried again", "err", res.Err)
	case event != nil && d.attempts > 1:
		said.Info("a delivery succeeded at last")
	}
}

// collect takes in the results and the questions there are, without waiting.
func (r *Runner) collect(now time.Time) {
	for {
		select {
		case res := <-r.results:
			r.finish(res, now)
		default:
			return
		}
	}
}

// windDown gives what runs its last time, then ends it, and notes where the hooks stand.
func (r *Runner) windDown(abort context.CancelFunc) {
	grace := time.NewTimer(graceTime)
	defer grace.Stop()
	for r.running > 0 {
		select {
		case res := <-r.results:
			r.finish(res, time.Now())
		case <-grace.C:
			abort()
		}
	}
	r.note(time.Now(), true)
	r.publish()
}
