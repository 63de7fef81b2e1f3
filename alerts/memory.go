package alerts

import (
	"fmt"
	"slices"
	"time"
)

// lostEvery is how far apart notes are that say no more than how much time does not
// count, which may grow with each evaluation. All else is noted when it changes:
// in the place of two events, had the alert come and gone.
const lostEvery = 10 * time.Second

// memoriesPerNote keeps a note below what the journal takes.
const memoriesPerNote = 256

// Memories is a note of what is remembered of some alerts beside their events. It
// replaces what was remembered of them before.
type Memories struct{ of []storedMemory }

func (m Memories) stored() storedNote { return storedNote{Memory: m.of} }

// storedMemory is a memory as the journal keeps it: times and durations in
// milliseconds.
type storedMemory struct {
	Key      string  `json:"key"` // Event.Key
	Lost     int64   `json:"lost,omitempty"`
	GoneAt   int64   `json:"gone,omitempty"`
	GoneLost int64   `json:"goneLost,omitempty"`
	Flapping bool    `json:"flapping,omitempty"`
	Changes  []int64 `json:"changes,omitempty"`
}

func (m memory) stored(key string) storedMemory {
	return storedMemory{
		Key: key, Lost: m.Lost.Milliseconds(), GoneAt: m.GoneAt, GoneLost: m.GoneLost.Milliseconds(),
		Flapping: m.Flapping, Changes: m.Changes,
	}
}

func (s storedMemory) memory() memory {
	return memory{
		Lost: time.Duration(s.Lost) * time.Millisecond, GoneAt: s.GoneAt, GoneLost: time.Duration(s.GoneLost) * time.Millisecond,
		Flapping: s.Flapping, Changes: s.Changes,
	}
}

func (s storedMemory) check() error {
	const most = int64(maxLost / time.Millisecond)
	if s.Lost < -most || s.Lost > most || s.GoneLost < -most || s.GoneLost > most || s.GoneAt < 0 || s.GoneAt > maxMillis {
		return fmt.Errorf("memory of %.64q is out of range", s.Key)
	}
	return checkChanges(s.Changes)
}

func checkChanges(changes []int64) error {
	if len(changes) > maxFlapChanges {
		return fmt.Errorf("%d changes, more than %d", len(changes), maxFlapChanges)
	}
	for i, at := range changes {
		if at < 0 || at > maxMillis || i > 0 && at < changes[i-1] {
			return fmt.Errorf("times of changes are out of range or out of order")
		}
	}
	return nil
}

func (m memory) equal(other memory) bool {
	return m.Lost == other.Lost && m.GoneLost == other.GoneLost && m.equalButForLost(other)
}

func (m memory) equalButForLost(other memory) bool {
	return m.GoneAt == other.GoneAt && m.Flapping == other.Flapping && slices.Equal(m.Changes, other.Changes)
}

// told is the memory of an alert as the journal has it behind an event of it.
func (m memory) told(e *Event) memory {
	return memory{Lost: m.Lost, Flapping: e.Alert.Flapping, Changes: e.changes}
}

// remember returns notes of what the journal does not know of the rule's alerts.
func (e *Engine) remember(tr *tracker, t int64) []Note {
	if len(tr.alerts) == 0 {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	var of []storedMemory
	for _, in := range tr.alerts {
		if in.saved.equal(in.state.memory) {
			continue
		}
		since := t - in.savedAt
		if in.saved.equalButForLost(in.state.memory) && since >= 0 && since < lostEvery.Milliseconds() {
			continue
		}
		in.saved, in.savedAt = in.state.memory, t
		of = append(of, in.state.memory.stored(eventKey(tr.rule.ID, in.fingerprint)))
	}
	if len(of) == 0 {
		return nil
	}
	var notes []Note
	for part := range slices.Chunk(of, memoriesPerNote) {
		notes = append(notes, Memories{part})
	}
	return notes
}
