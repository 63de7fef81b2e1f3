package hooks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"monitord/alerts"
)

// A seal is a note of what is delivered at once. It is in the journal before the
// first attempt: after a kill the same events go out under the same key. It goes
// when the journal says that the delivery is closed.
type seal struct {
	Seqs   []uint64 `json:"seqs"`
	Repeat int      `json:"repeat,omitempty"`
	owed   bool     // of what follows a retry: open though no note of progress names it
}

// Seals of what follows a retry have keys of their own: when it is given up and
// retried itself, it has another, that of a delivery like others.
const (
	sealPrefix = "seal-"
	owedPrefix = "owed-"
)

func sealKey(t ticket, owed bool) string {
	key := sealPrefix
	if owed {
		key = owedPrefix
	}
	key += strconv.FormatUint(t.seq, 10)
	if t.repeat > 0 {
		key += fmt.Sprintf("-r%d", t.repeat)
	}
	return key
}

// sealsOf returns the notes that are to be written before a delivery is attempted:
// its own, and those of what it owes. What is of one alert needs none: it can be
// told from the journal itself.
func (h *hook) sealsOf(d *delivery) []alerts.Note {
	var notes []alerts.Note
	if !d.stored && d.event == nil && d.needsSeal() {
		notes = append(notes, h.sealOf(d))
		// Of one that was given up and is retried, the seal of then may not be forgotten.
		h.unseals = slices.DeleteFunc(h.unseals, func(key string) bool { return key == d.sealKey() })
	}
	for _, owed := range d.owed {
		if !owed.stored && !owed.done {
			notes = append(notes, h.sealOf(owed))
		}
	}
	return notes
}

func (d *delivery) sealKey() string { return sealKey(d.ticket(), d.follows) }

func (h *hook) sealOf(d *delivery) alerts.Note {
	b, err := json.Marshal(seal{Seqs: d.seqs, Repeat: d.repeat})
	if err != nil {
		return nil // numbers always encode
	}
	return alerts.Progress{Hook: h.Name, Key: d.sealKey(), Data: b}
}

// sealedNow takes in that the seals of a delivery are in the journal.
func (h *hook) sealedNow(d *delivery) {
	d.stored = d.stored || d.event == nil && d.needsSeal()
	for _, owed := range d.owed {
		owed.stored = true
	}
	d.owed = nil
	h.dirty = true
}

// unseal has the note forgotten.
func (h *hook) unseal(d *delivery) {
	if d.stored {
		d.stored = false
		h.unseals = append(h.unseals, d.sealKey())
	}
}

// parseSeals returns what a hook's notes say about deliveries, by their tickets.
// What makes no sense is left out.
func parseSeals(notes map[string][]byte) map[ticket]seal {
	seals := make(map[ticket]seal)
	for key, b := range notes {
		var s seal
		s.owed = strings.HasPrefix(key, owedPrefix)
		if !s.owed && !strings.HasPrefix(key, sealPrefix) || json.Unmarshal(b, &s) != nil || len(s.Seqs) == 0 || len(s.Seqs) > maxGroup || s.Repeat < 0 {
			continue
		}
		ascending := s.Seqs[0] > 0
		for i := range s.Seqs[1:] {
			ascending = ascending && s.Seqs[i] < s.Seqs[i+1]
		}
		t := ticket{s.Seqs[len(s.Seqs)-1], s.Repeat}
		if ascending && sealKey(t, s.owed) == key && !seals[t].owed {
			seals[t] = s
		}
	}
	return seals
}
