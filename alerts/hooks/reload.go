package hooks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/send"
)

// takeOver brings the hooks in line with the configuration that New or Reload
// left, and hands them the events that the disk did not take.
func (r *Runner) takeOver(now time.Time) {
	var cfgs []compiled
	r.mu.Lock()
	if !now.Before(r.again) {
		cfgs, r.reload = r.reload, nil
	}
	r.mu.Unlock()
	if cfgs != nil && !r.replace(cfgs, now) {
		r.again = now.Add(retryDisk)
		r.mu.Lock()
		if r.reload == nil {
			r.reload = cfgs
		}
		r.mu.Unlock()
	}
	if r.hooks == nil {
		return // what is announced waits for them
	}
	r.mu.Lock()
	loose, missed := r.loose, r.missed
	r.loose, r.missed = nil, 0
	r.mu.Unlock()
	for _, h := range r.hooks {
		h.stats.Skipped += missed
		for i := range loose {
			h.announced(&loose[i], now)
		}
	}
}

// replace swaps the hooks. Those that go leave their running attempts to end
// by themselves, and are forgotten by the journal. It returns false, and has changed
// nothing, if it is to be tried again: only at the start, when there are none to swap.
func (r *Runner) replace(cfgs []compiled, now time.Time) bool {
	before := make(map[string]*hook, len(r.hooks))
	for _, h := range r.hooks {
		before[h.Name] = h
	}
	stored := r.log.Progress()
	r.scribe.ahead(stored)
	notes := make(notes)
	hooks := make([]*hook, 0, len(cfgs))
	var first []alerts.Note
	for _, c := range cfgs {
		h := before[c.Name]
		delete(before, c.Name)
		if h != nil {
			if a, ok := c.sender.(*send.Alertmanager); ok {
				if b, ok := h.sender.(*send.Alertmanager); ok {
					a.Follow(b)
				}
			}
			h.sender.Close()
			h.configure(c)
		} else {
			h = newHook(c)
			h.divide(len(cfgs))
			known := stored[c.Name]
			if !r.start(h, known, now) {
				return false
			}
			if n, _, err := h.progress().note(h.Name); known[progressKey] == nil && err == nil {
				first = append(first, n)
			}
		}
		h.divide(len(cfgs))
		r.replaceChore(h, now)
		delete(stored, c.Name)
		hooks = append(hooks, h)
	}
	for name, h := range before {
		h.sender.Close()
		r.scribe.forget(name)
		notes.forget(name, progressKey)
		notes.forget(name, deadKey)
		notes.forget(name, begunKey)
		for _, d := range h.open {
			if d.stored {
				notes.forget(name, d.sealKey())
			}
		}
	}
	for name, keys := range stored {
		for key := range keys {
			notes.forget(name, key)
		}
	}
	if len(first) > 0 {
		// Where a new hook begins must be on disk before anything happens that it
		// owes: after a kill it would else begin anew, behind that. A disk that
		// refuses it gets it with the next note.
		if err := r.scribe.seal(context.Background(), first); err != nil {
			r.slog.Warn("noting where a new hook begins failed", "err", err)
		}
	}
	r.scribe.add(nil, notes)
	r.hooks = hooks
	return true
}

// restoreFor is how long a journal that cannot be read keeps the hooks from going on
// where they were. Then they begin anew: to tell something is worth more.
const restoreFor = time.Minute

// start puts a hook where the journal says it was, or at the present; false if the
// journal cannot be read just now.
func (r *Runner) start(h *hook, noted map[string][]byte, now time.Time) bool {
	if noted[progressKey] == nil {
		h.begin(r.log, now)
		return true
	}
	if err := h.restore(r.log, noted, now); err != nil {
		if errors.Is(err, errUnread) && r.hooks == nil {
			if r.unread.IsZero() {
				r.unread = now
				r.slog.Error("what waits for the hooks cannot be read, it is tried again every second", "hook", h.Name, "err", err)
			}
			if now.Sub(r.unread) < restoreFor {
				return false
			}
		}
		r.slog.Error("where a hook stood is not known; it begins with what is firing now", "hook", h.Name, "err", fmt.Errorf("read its progress: %w", err))
		*h = *newHook(h.compiled)
		h.begin(r.log, now)
	}
	if n := h.stats.GivenUp; n > 0 {
		r.slog.Error("what waited for a hook is no longer in the alert journal and cannot be delivered", "hook", h.Name, "deliveries", n)
	}
	return true
}

// note writes where the hooks stand, when that is worth it, or finally.
func (r *Runner) note(now time.Time, finally bool) {
	notes := make(notes)
	for _, h := range r.hooks {
		if h.rate.worthNoting(now) {
			n, err := h.rate.note(h.Name, now)
			if err != nil {
				r.slog.Error("noting what a hook has begun failed", "hook", h.Name, "err", err)
			} else {
				notes[noteKey{h.Name, begunKey}] = n
			}
		}
		if h.read < h.target || !finally && !h.worthNoting(now) {
			continue
		}
		if err := h.note(notes, now); err != nil {
			r.slog.Error("noting where a hook stands failed", "hook", h.Name, "err", err)
		}
	}
	r.scribe.add(nil, notes)
}

// note adds what a hook has to note.
func (h *hook) note(notes notes, now time.Time) error {
	for _, key := range h.unseals {
		notes.forget(h.Name, key)
	}
	h.unseals = nil
	h.notedAt, h.size = now, 0
	if h.deadDirty {
		n, size, err := h.deadNote()
		if err != nil {
			return err
		}
		notes[noteKey{h.Name, deadKey}] = n
		h.deadDirty, h.size = false, size
	}
	n, size, err := h.progress().note(h.Name)
	if err != nil {
		return err
	}
	h.size += size
	if size <= maxNote {
		notes[noteKey{h.Name, progressKey}] = n
		h.dirty, h.noted = false, h.read
	}
	return nil
}
