package hooks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"monitord/alerts"
)

// A letter is a delivery that was given up. What it was the journal says, in
// the event that says so.
type letter struct {
	event  uint64 // notify_failed, given up
	ticket ticket
	unsure bool // an attempt may have been taken that nobody knows of
}

// maxDead is how many of the newest a hook keeps.
const maxDead = 1000

// bury keeps what was given up.
func (h *hook) bury(l letter) {
	if l.event <= h.buried {
		return // read a second time, after a start
	}
	h.unbury(l.ticket)
	h.dead = append(h.dead, l)
	if over := len(h.dead) - maxDead; over > 0 {
		h.dead = slices.Delete(h.dead, 0, over)
	}
	h.buried, h.deadDirty, h.dirty = l.event, true, true
}

// unbury forgets what was delivered after all.
func (h *hook) unbury(t ticket) {
	if i := slices.IndexFunc(h.dead, func(l letter) bool { return l.ticket == t }); i >= 0 {
		h.dead = slices.Delete(h.dead, i, i+1)
		h.deadDirty, h.dirty = true, true
	}
}

// deadKey is the key of the note of what a hook has given up. It may be of later
// than the note of its progress, and never is of before.
const deadKey = "dead"

type storedDead struct {
	UpTo    uint64         `json:"upto"`
	Letters []storedLetter `json:"letters"`
}

type storedLetter struct {
	Event  uint64 `json:"e"`
	Of     uint64 `json:"of"`
	Repeat int    `json:"r,omitempty"`
	Unsure bool   `json:"u,omitempty"`
}

// deadNote returns the note and how many bytes it has.
func (h *hook) deadNote() (alerts.Note, int, error) {
	s := storedDead{UpTo: h.buried, Letters: make([]storedLetter, 0, len(h.dead))}
	for _, l := range h.dead {
		s.Letters = append(s.Letters, storedLetter{l.event, l.ticket.seq, l.ticket.repeat, l.unsure})
	}
	b, err := json.Marshal(s)
	if err != nil {
		return nil, 0, fmt.Errorf("encode what hook %q has given up: %w", h.Name, err)
	}
	return alerts.Progress{Hook: h.Name, Key: deadKey, Data: b}, len(b), nil
}

func (h *hook) restoreDead(b []byte) error {
	if b == nil {
		return nil
	}
	var s storedDead
	if err := json.Unmarshal(b, &s); err != nil {
		return fmt.Errorf("what was given up: %w", err)
	}
	if len(s.Letters) > maxDead {
		return fmt.Errorf("what was given up: %d deliveries", len(s.Letters))
	}
	h.buried = s.UpTo
	for _, l := range s.Letters {
		h.dead = append(h.dead, letter{l.Event, ticket{l.Of, l.Repeat}, l.Unsure})
	}
	slices.SortFunc(h.dead, func(a, b letter) int { return cmp.Compare(a.event, b.event) })
	return nil
}
