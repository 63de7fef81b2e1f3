package hooks

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"monitord/alerts"
)

// progressKey is the key of the note that says where a hook stands. It is
// written after all others of its hook: what it says holds for them too.
const progressKey = "cursor"

// progress is how far a hook has read, what of that is still open, and what it
// has told. What is behind After, a start reads from the journal.
type progress struct {
	After uint64         `json:"after"`
	Open  []openDelivery `json:"open,omitempty"`
	Told  []toldAlert    `json:"told"`           // null in the notes of older versions
	Over  bool           `json:"over,omitempty"` // more alerts fire than Told holds
	By    []string       `json:"by,omitempty"`   // group_by
}

// openDelivery is one that an attempt may have been made of, or one event of one
// that gathers more. What else belongs to it, its seal says.
type openDelivery struct {
	Seq      uint64 `json:"seq"`
	Repeat   int    `json:"repeat,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	Since    int64  `json:"since,omitempty"` // ms, of the first failure
	Error    string `json:"error,omitempty"`
}

type toldAlert struct {
	Key     string `json:"k"`
	Seq     uint64 `json:"s"`
	At      int64  `json:"at,omitempty"` // ms
	Repeats int    `json:"r,omitempty"`
	Muted   bool   `json:"m,omitempty"`
}

const (
	// maxNote bounds a note. When more is open than it holds, the note before
	// stays: what it says is as good, there is only more to read behind it.
	maxNote = 512 << 10
	// maxErrors bounds the deliveries whose last error is noted.
	maxErrors = 64
)

// progress is what a note of now says.
func (h *hook) progress() progress {
	p := progress{After: h.read, Told: make([]toldAlert, 0, len(h.told)), Over: h.overflow, By: h.GroupBy}
	errors := 0
	for _, t := range h.openTickets() {
		d := h.open[t]
		o := openDelivery{Seq: t.seq, Repeat: t.repeat, Attempts: d.attempts}
		if !d.since.IsZero() {
			o.Since = d.since.UnixMilli()
		}
		if errors < maxErrors && d.err != "" {
			o.Error = d.err
			errors++
		}
		p.Open = append(p.Open, o)
	}
	for key, t := range h.told {
		if t.seq == 0 {
			continue // it is read when it has its number
		}
		a := toldAlert{Key: key, Seq: t.seq, Repeats: t.repeats, Muted: t.muted}
		if !t.at.IsZero() {
			a.At = t.at.UnixMilli()
		}
		p.Told = append(p.Told, a)
	}
	slices.SortFunc(p.Told, func(a, b toldAlert) int { return cmp.Compare(a.Seq, b.Seq) })
	return p
}

// openTickets are those of the open deliveries that a note must name: of a
// sealed one that the journal knows, only the one that its seal goes by.
func (h *hook) openTickets() []ticket {
	tickets := make([]ticket, 0, len(h.open))
	for t, d := range h.open {
		if d.stored && t != d.ticket() {
			continue
		}
		if d.owes() || !d.stored && (d.follows || d.revived) {
			continue // what is retried stays a dead letter till the journal has its seals
		}
		tickets = append(tickets, t)
	}
	slices.SortFunc(tickets, func(a, b ticket) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.repeat, b.repeat)) })
	return tickets
}

// note returns the note and how many bytes it has.
func (p progress) note(hook string) (alerts.Note, int, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, 0, fmt.Errorf("encode the progress of hook %q: %w", hook, err)
	}
	return alerts.Progress{Hook: hook, Key: progressKey, Data: b}, len(b), nil
}

func parseProgress(b []byte) (progress, error) {
	var p progress
	if err := json.Unmarshal(b, &p); err != nil {
		return progress{}, err
	}
	switch {
	case len(p.Open) > maxWaiting+maxTold:
		return progress{}, fmt.Errorf("%d open deliveries", len(p.Open))
	case len(p.Told) > maxTold:
		return progress{}, fmt.Errorf("%d alerts told", len(p.Told))
	}
	return p, nil
}

const (
	noteEvery  = time.Second // at most
	noteBehind = 256         // events read without a delivery that are worth a note
	// noteBytes is how much a hook notes a second at most when notes are large: the
	// journal has events to keep, and a start reads on from an old note soon enough.
	noteBytes = 1 << 10
)

// worthNoting says whether a note is due: large ones come less often, since
// reading on from an old one costs little.
func (h *hook) worthNoting(now time.Time) bool {
	every := max(noteEvery, time.Duration(h.size)*time.Second/noteBytes)
	return (h.dirty || h.read >= h.noted+noteBehind) && now.Sub(h.notedAt) >= every
}
