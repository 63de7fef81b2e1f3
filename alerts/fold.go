package alerts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Tracked is an alert that is pending or firing, as the journal knows it.
type Tracked struct {
	Event Event         // its latest transition, with the silences that it is under by now
	Lost  time.Duration // time since it became active in which the daemon did not run
}

// A fold is the state that the journal's records add up to. The zero value is
// not usable; use newFold. It is not safe for concurrent use.
type fold struct {
	seq      uint64                       // of the last event in it
	active   map[string]Tracked           // by Event.Key
	progress map[string]map[string][]byte // by hook and key
	silences map[string]*Silence          // by id
}

func newFold() *fold {
	return &fold{active: make(map[string]Tracked), progress: make(map[string]map[string][]byte), silences: make(map[string]*Silence)}
}

// event takes in the next event. Deliveries do not change an alert, and silences
// change only which of them it is under.
func (f *fold) event(e Event) {
	f.seq = max(f.seq, e.Seq)
	key := e.Key()
	switch e.Kind {
	case KindPending, KindFiring:
		t := Tracked{Event: e}
		if before, ok := f.active[key]; ok && before.Event.Alert.ActiveAt.Equal(e.Alert.ActiveAt) {
			t.Lost = before.Lost
		}
		f.active[key] = t
	case KindResolved, KindInactive:
		delete(f.active, key)
	case KindSilenced, KindUnsilenced:
		if t, ok := f.active[key]; ok {
			t.Event.Alert.SilencedBy = e.Alert.SilencedBy
			f.active[key] = t
		}
	}
}

func (f *fold) note(n storedNote) error {
	switch {
	case n.Hole != nil:
		d := time.Duration(n.Hole.To-n.Hole.From) * time.Millisecond
		for key, t := range f.active {
			t.Lost = addLost(t.Lost, d)
			f.active[key] = t
		}
	case n.Progress != nil:
		f.setProgress(n.Progress)
	case n.Silence != nil && n.Silence.Forgotten:
		delete(f.silences, n.Silence.ID)
	case n.Silence != nil:
		s, err := n.Silence.silence()
		if err != nil {
			return err
		}
		f.silences[s.ID] = s
	case n.Alert != nil:
		e, err := decodeEvent(n.Alert.Event)
		if err != nil {
			return err
		}
		e.Seq = n.Alert.Seq
		f.active[e.Key()] = Tracked{Event: e, Lost: time.Duration(n.Alert.Lost) * time.Millisecond}
	case n.Seq != nil:
		f.seq = max(f.seq, *n.Seq)
	}
	return nil
}

func (f *fold) setProgress(p *storedProgress) {
	keys := f.progress[p.Hook]
	if len(p.Data) == 0 {
		delete(keys, p.Key)
		if len(keys) == 0 {
			delete(f.progress, p.Hook)
		}
		return
	}
	if keys == nil {
		keys = make(map[string][]byte)
		f.progress[p.Hook] = keys
	}
	keys[p.Key] = p.Data
}

// snapshot returns the notes that give the same fold again.
func (f *fold) snapshot() ([][]byte, error) {
	notes := []storedNote{{Seq: &f.seq}}
	for _, t := range f.list() {
		b, err := encodeEvent(&t.Event)
		if err != nil {
			return nil, err
		}
		notes = append(notes, storedNote{Alert: &storedTracked{Seq: t.Event.Seq, Lost: t.Lost.Milliseconds(), Event: b}})
	}
	for _, hook := range slices.Sorted(maps.Keys(f.progress)) {
		for _, key := range slices.Sorted(maps.Keys(f.progress[hook])) {
			notes = append(notes, Progress{Hook: hook, Key: key, Data: f.progress[hook][key]}.stored())
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.silences)) {
		notes = append(notes, f.silences[id].stored())
	}
	return packNotes(notes)
}

// list returns the active alerts in the order of their events.
func (f *fold) list() []Tracked {
	all := slices.Collect(maps.Values(f.active))
	slices.SortFunc(all, func(a, b Tracked) int { return cmp.Compare(a.Event.Seq, b.Event.Seq) })
	return all
}

// partBytes is about how large a part of a snapshot gets.
const partBytes = 256 << 10

// packNotes encodes the notes of a snapshot, several to a part, a line each.
func packNotes(notes []storedNote) ([][]byte, error) {
	var parts [][]byte
	var part []byte
	for _, n := range notes {
		b, err := encodeNote(n)
		if err != nil {
			return nil, fmt.Errorf("snapshot: %w", err)
		}
		if len(part) > 0 && len(part)+len(b) >= partBytes {
			parts, part = append(parts, part), nil
		}
		part = append(append(part, b...), '\n')
	}
	return append(parts, part), nil
}
