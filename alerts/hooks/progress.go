package hooks

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"monitord/alerts"
)

// progressKey is the key of the only note that a hook keeps.
const progressKey = "cursor"

// progress is how far a hook has read, and what of that is still open. What is
// behind After, a start reads from the journal.
type progress struct {
	After uint64         `json:"after"`
	Open  []openDelivery `json:"open,omitempty"`
}

type openDelivery struct {
	Seq      uint64 `json:"seq"`
	Attempts int    `json:"attempts,omitempty"`
	Since    int64  `json:"since,omitempty"` // ms, of the first failure
}

// maxNoted bounds Open: with more, After stays behind.
const maxNoted = 64

// progress is what a note of now says.
func (h *hook) progress() progress {
	seqs := slices.Sorted(maps.Keys(h.open))
	p := progress{After: h.read}
	if len(seqs) > maxNoted {
		p.After = seqs[maxNoted] - 1
		seqs = seqs[:maxNoted]
	}
	for _, seq := range seqs {
		d := h.open[seq]
		o := openDelivery{Seq: seq, Attempts: d.attempts}
		if !d.since.IsZero() {
			o.Since = d.since.UnixMilli()
		}
		p.Open = append(p.Open, o)
	}
	return p
}

func (p progress) note(hook string) (alerts.Note, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode the progress of hook %q: %w", hook, err)
	}
	return alerts.Progress{Hook: hook, Key: progressKey, Data: b}, nil
}

func parseProgress(b []byte) (progress, error) {
	var p progress
	if err := json.Unmarshal(b, &p); err != nil {
		return progress{}, err
	}
	if len(p.Open) > maxNoted {
		return progress{}, fmt.Errorf("%d open deliveries", len(p.Open))
	}
	return p, nil
}

// begin makes a hook that the journal knows nothing of start with what is
// firing now; later events follow.
func (h *hook) begin(log Log, now time.Time) {
	current, seq := log.Current()
	for i := range current {
		if e := &current[i]; e.Kind == alerts.KindFiring {
			h.take(e, now)
		}
	}
	h.read, h.target = seq, seq
	h.dirty = true
}

// restore makes a hook go on where its note says. What happened behind it is
// read before anything is attempted.
func (h *hook) restore(log Log, p progress, now time.Time) error {
	for _, o := range p.Open {
		e, err := readOne(log, o.Seq)
		if err != nil {
			return fmt.Errorf("read event %d for hook %q: %w", o.Seq, h.Name, err)
		}
		if e == nil {
			h.stats.GivenUp++ // no longer kept
			continue
		}
		d := &delivery{seq: o.Seq, attempts: o.Attempts}
		if o.Since > 0 {
			d.since = time.UnixMilli(o.Since)
		}
		h.open[o.Seq] = d
		h.enqueue(d, e.Key(), now)
	}
	h.target = log.Last()
	h.read = min(p.After, h.target)
	h.noted = h.read
	return nil
}
