package hooks

import (
	"encoding/json"
	"fmt"
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
}

const sealPrefix = "seal-"

func sealKey(t ticket) string {
	key := sealPrefix + strconv.FormatUint(t.seq, 10)
	if t.repeat > 0 {
		key += fmt.Sprintf("-r%d", t.repeat)
	}
	return key
}

// sealOf returns the note that must be written before a delivery is attempted,
// nil for none: what is of one alert can be told from the journal itself.
func (h *hook) sealOf(d *delivery) alerts.Note {
	if d.stored || d.event != nil || d.group == "" && len(d.seqs) == 1 {
		return nil
	}
	b, err := json.Marshal(seal{Seqs: d.seqs, Repeat: d.repeat})
	if err != nil {
		return nil // numbers always encode
	}
	return alerts.Progress{Hook: h.Name, Key: sealKey(d.ticket()), Data: b}
}

// unseal has the note forgotten.
func (h *hook) unseal(d *delivery) {
	if d.stored {
		d.stored = false
		h.unseals = append(h.unseals, sealKey(d.ticket()))
	}
}

// parseSeals returns what a hook's notes say about deliveries, by their tickets.
// What makes no sense is left out.
func parseSeals(notes map[string][]byte) map[ticket]seal {
	seals := make(map[ticket]seal)
	for key, b := range notes {
		var s seal
		if !strings.HasPrefix(key, sealPrefix) || json.Unmarshal(b, &s) != nil || len(s.Seqs) == 0 || len(s.Seqs) > maxGroup || s.Repeat < 0 {
			continue
		}
		ascending := s.Seqs[0] > 0
		for i := range s.Seqs[1:] {
			ascending = ascending && s.Seqs[i] < s.Seqs[i+1]
		}
		t := ticket{s.Seqs[len(s.Seqs)-1], s.Repeat}
		if ascending && sealKey(t) == key {
			seals[t] = s
		}
	}
	return seals
}
