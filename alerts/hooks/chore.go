package hooks

import (
	"context"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
	"monitord/alerts/hooks/send"
)

// A chore is what a hook does of its own accord, beside its deliveries: it keeps
// an Alertmanager informed, or it sends heartbeats. It takes one of the hook's
// places, and one of all, like an attempt at a delivery, and comes before them;
// the next one is due a period after it began, never behind another. The
// runner's goroutine owns it, but for do.
type chore struct {
	every   time.Duration
	due     time.Time
	running bool
	behind  *chore // of before a reload: what it still tells must not come after what this one does
	failing bool   // said in the log
	lacking bool   // said in the log: some did not take it

	// do does it once, in an attempt's goroutine.
	do       func(ctx context.Context) send.Outcome
	standing *standing    // what a resend tells; nil: the chore is another
	check    func() error // of a heartbeat; nil: the chore is another
}

// A resender is a sender whose receiver forgets what it does not hear again.
type resender interface {
	// Resend tells what state returns at the moment that it is called.
	Resend(ctx context.Context, m *message.Message, state func() []alerts.Event) send.Outcome
}

// newChore returns the chore of a hook's configuration, nil if it has none. Check
// is that of the heartbeat before, nil if there was none. The first resend is due
// at once: how long the daemon was away is not known. The first heartbeat is not:
// a daemon that starts again and again is not well.
func (r *Runner) newChore(c compiled, check func() error, now time.Time) *chore {
	if c.Heartbeat > 0 {
		if check == nil {
			check = r.checkup()
		}
		return &chore{every: c.Heartbeat, due: now.Add(c.Heartbeat), do: r.heartbeat(c, check, now), check: check}
	}
	if a, ok := c.sender.(resender); ok {
		s := newStanding(r.log, c)
		do := func(ctx context.Context) send.Outcome {
			return a.Resend(ctx, &message.Message{}, func() []alerts.Event { return s.now(time.Now()) })
		}
		return &chore{every: c.Resend, due: now, do: do, standing: s}
	}
	return nil
}

// replaceChore gives a hook the chore of its new configuration, which is due
// when the old one would have been, if that is sooner: reloads do not put it off,
// nor do they shorten the time that a heartbeat answers for.
func (r *Runner) replaceChore(h *hook, now time.Time) {
	old := h.chore
	if old == nil {
		h.chore = r.newChore(h.compiled, nil, now)
		return
	}
	h.chore = r.newChore(h.compiled, old.check, now)
	if h.chore == nil {
		return
	}
	h.chore.failing, h.chore.lacking = old.failing, old.lacking
	if old.due.Before(h.chore.due) {
		h.chore.due = old.due
	}
	if h.chore.standing != nil && old.standing != nil {
		h.chore.standing.adopt(old.standing)
		if first := old.first(); first.running {
			h.chore.behind = first
		}
	}
}

// startChore starts a hook's chore if it is due and there is room.
func (r *Runner) startChore(ctx context.Context, h *hook, now time.Time) bool {
	c := h.chore
	if c == nil || c.first().running || c.due.After(now) || h.running >= h.Concurrency {
		return false
	}
	c.behind = nil
	c.running, c.due = true, now.Add(c.every)
	h.running++
	r.running++
	limit := h.Timeout
	go func() {
		limited, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		begun := time.Now()
		res := result{h: h, chore: c, Outcome: c.do(limited)}
		res.took = time.Since(begun)
		res.aborted = res.Err != nil && ctx.Err() != nil
		r.results <- res
	}()
	return true
}

// wake is when the chore can be started; false if something else comes first.
func (c *chore) wake() (time.Time, bool) {
	if c == nil || c.first().running {
		return time.Time{}, false
	}
	return c.due, true
}

// first is the chore that has to end before this one can be started: itself, if none
// of before a reload is under way.
func (c *chore) first() *chore {
	if c.behind != nil && c.behind.running {
		return c.behind
	}
	return c
}

// finishChore takes in how a chore went. The journal is told nothing: it comes
// again by itself.
func (r *Runner) finishChore(res result, now time.Time) {
	h, c := res.h, res.chore
	c.running = false
	h.running--
	r.running--
	if res.aborted {
		return
	}
	h.stats.LastDuration = res.took
	if res.Err == nil {
		h.stats.Chores++
		h.stats.LastSuccess, h.stats.LastChore = now, now
		if c.failing {
			r.slog.Info("what a hook does regularly succeeds again", "hook", h.Name)
		}
		c.failing = false
		if res.Lacking != nil && !c.lacking {
			r.slog.Warn("some members of a hook's cluster do not take what the others do", "hook", h.Name, "err", res.Lacking)
		}
		c.lacking = res.Lacking != nil
		return
	}
	h.stats.ChoresFailed++
	h.stats.LastError, h.stats.LastFailure = res.Err.Error(), now
	if !c.failing {
		r.slog.Warn("what a hook does regularly failed, it is tried again when it is due", "hook", h.Name, "every", c.every, "err", res.Err)
	}
	c.failing = true
}
