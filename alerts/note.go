package alerts

import (
	"encoding/json"
	"fmt"
	"time"

	"monitord/alerts/silence"
)

// A Note is a record of state beside the events: it takes no number, is told to
// nobody, and is there again after a restart. It is a [Progress], a [Hole],
// [Memories] or a silence.
type Note interface{ stored() storedNote }

// Progress is what a hook has done, under a key of its own choosing. Writing the
// same hook and key again replaces it.
type Progress struct {
	Hook string
	Key  string // may be empty
	Data []byte // JSON; nil forgets the key
}

func (p Progress) stored() storedNote {
	return storedNote{Progress: &storedProgress{Hook: p.Hook, Key: p.Key, Data: p.Data}}
}

// A Hole is a time in which the daemon did not run: between the last tick
// before it and the first one after it. It counts for neither `for` nor
// `keep_firing_for`. To is before From when the clock was set back.
type Hole struct {
	From, To int64 // Unix milliseconds
}

func (h Hole) stored() storedNote { return storedNote{Hole: &storedHole{From: h.From, To: h.To}} }

// noteVersion is the version of a note's JSON, as eventVersion is of an event's.
const noteVersion = 1

// maxNoteBytes bounds an encoded note. It holds the largest event, with room
// for the line end and less than the journal's own bound.
const maxNoteBytes = maxEventBytes + 64<<10

// storedNote is a note as the journal keeps it: one of its pointers is set.
// Alert occurs in snapshots only.
type storedNote struct {
	Version  int             `json:"v"`
	Progress *storedProgress `json:"progress,omitempty"`
	Hole     *storedHole     `json:"hole,omitempty"`
	Silence  *silence.Record `json:"silence,omitempty"`
	Memory   []storedMemory  `json:"memory,omitempty"`
	Alert    *storedTracked  `json:"alert,omitempty"`
	Seq      *uint64         `json:"seq,omitempty"` // the snapshot's: all events up to it are in it
}

type storedProgress struct {
	Hook string          `json:"hook"`
	Key  string          `json:"key,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
}

type storedHole struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

// storedTracked is an alert as it was when the snapshot was made: pending, firing
// or, if it had come and gone lately, inactive.
type storedTracked struct {
	Seq    uint64          `json:"seq"`
	Lost   int64           `json:"lost,omitempty"`   // milliseconds
	Memory *storedMemory   `json:"memory,omitempty"` // if there is more to it; with Lost, without a key
	Event  json.RawMessage `json:"event"`
}

func (s *storedTracked) memory() memory {
	if s.Memory != nil {
		return s.Memory.memory()
	}
	return memory{Lost: time.Duration(s.Lost) * time.Millisecond}
}

func encodeNote(n storedNote) ([]byte, error) {
	n.Version = noteVersion
	b, err := json.Marshal(n)
	if err != nil {
		return nil, fmt.Errorf("encode note: %w", err)
	}
	if len(b) > maxNoteBytes {
		return nil, fmt.Errorf("encode note: %d bytes, more than the %d that the journal takes", len(b), maxNoteBytes)
	}
	return b, nil
}

func decodeNote(b []byte) (storedNote, error) {
	var n storedNote
	if err := json.Unmarshal(b, &n); err != nil {
		return storedNote{}, fmt.Errorf("decode note: %w", err)
	}
	if n.Version != noteVersion {
		return storedNote{}, fmt.Errorf("decode note: version %d, this program reads version %d", n.Version, noteVersion)
	}
	if h := n.Hole; h != nil && (h.From < 0 || h.From > maxMillis || h.To < 0 || h.To > maxMillis) {
		return storedNote{}, fmt.Errorf("decode note: hole from %d to %d", h.From, h.To)
	}
	if t := n.Alert; t != nil && (t.Lost < -maxLost.Milliseconds() || t.Lost > maxLost.Milliseconds()) {
		return storedNote{}, fmt.Errorf("decode note: alert %d lost %d ms", t.Seq, t.Lost)
	}
	all := n.Memory
	if n.Alert != nil && n.Alert.Memory != nil {
		all = append(all, *n.Alert.Memory)
	}
	for _, m := range all {
		if err := m.check(); err != nil {
			return storedNote{}, fmt.Errorf("decode note: %w", err)
		}
	}
	return n, nil
}
