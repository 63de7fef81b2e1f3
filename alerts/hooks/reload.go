package hooks

import (
	"context"
	"fmt"
	"time"

	"monitord/alerts"
)

// takeOver brings the hooks in line with the configuration that New or Reload
// left, and hands them the events that the disk did not take.
func (r *Runner) takeOver(now time.Time) {
	r.mu.Lock()
	cfgs, loose, missed := r.reload, r.loose, r.missed
	r.reload, r.loose, r.missed = nil, nil, 0
	r.mu.Unlock()
	if cfgs != nil {
		r.replace(cfgs, now)
	}
	for _, h := range r.hooks {
		h.stats.Skipped += missed
		for i := range loose {
			h.announced(&loose[i], now)
		}
	}
}

// replace swaps the hooks. Those that go leave their running attempts to end
// by themselves, and are forgotten by the journal.
func (r *Runner) replace(cfgs []compiled, now time.Time) {
	before := make(map[string]*hook, len(r.hooks))
	for _, h := range r.hooks {
		before[h.Name] = h
	}
	stored := r.log.Progress()
	notes := make(map[string]alerts.Note)
	hooks := make([]*hook, 0, len(cfgs))
	var first []alerts.Note
	for _, c := range cfgs {
		h := before[c.Name]
		delete(before, c.Name)
		if h != nil {
			h.sender.close()
			h.compiled, h.stats.Type = c, c.Type
		} else {
			h = newHook(c)
			known := stored[c.Name][progressKey]
			r.start(h, known, now)
			if n, err := h.progress().note(h.Name); known == nil && err == nil {
				first = append(first, n)
			}
		}
		r.replaceChore(h, now)
		delete(stored, c.Name)
		hooks = append(hooks, h)
	}
	for name, h := range before {
		h.sender.close()
		stored[name] = nil
	}
	for name := range stored {
		notes[name] = alerts.Progress{Hook: name, Key: progressKey}
	}
	if len(first) > 0 {
		// Where a new hook begins must be on disk before anything happens that it
		// owes: after a kill it would else begin anew, behind that. A disk that
		// refuses it gets it with the next note.
		if _, err := r.log.Append(context.Background(), nil, first...); err != nil {
			r.slog.Warn("noting where a new hook begins failed", "err", err)
		}
	}
	r.scribe.add(nil, notes)
	r.hooks = hooks
}

// start puts a hook where the journal says it was, or at the present.
func (r *Runner) start(h *hook, noted []byte, now time.Time) {
	if noted == nil {
		h.begin(r.log, now)
		return
	}
	p, err := parseProgress(noted)
	if err == nil {
		err = h.restore(r.log, p, now)
	}
	if err != nil {
		r.slog.Error("where a hook stood is not known; it begins with what is firing now", "hook", h.Name, "err", fmt.Errorf("read its progress: %w", err))
		*h = *newHook(h.compiled)
		h.begin(r.log, now)
	}
}

const (
	noteEvery  = time.Second // at most
	noteBehind = 256         // events read without a delivery that are worth a note
)

// note writes where the hooks stand, when that is worth it, or finally.
func (r *Runner) note(now time.Time, finally bool) {
	notes := make(map[string]alerts.Note)
	for _, h := range r.hooks {
		worth := h.dirty || h.read >= h.noted+noteBehind
		if !finally && (!worth || now.Sub(h.notedAt) < noteEvery) || h.read < h.target {
			continue
		}
		n, err := h.progress().note(h.Name)
		if err != nil {
			r.slog.Error("noting where a hook stands failed", "hook", h.Name, "err", err)
			continue
		}
		notes[h.Name] = n
		h.dirty, h.noted, h.notedAt = false, h.read, now
	}
	r.scribe.add(nil, notes)
}
