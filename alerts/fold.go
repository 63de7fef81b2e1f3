package alerts

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"monitord/alerts/silence"
)

// Tracked is an alert that is pending or firing, as the journal knows it, or one
// that has ended and is remembered because it came and went lately.
type Tracked struct {
	Event Event // its latest transition, with the silences that it is under by now
	memory
}

// A fold is the state that the journal's records add up to. The zero value is
// not usable; use newFold. It is not safe for concurrent use.
type fold struct {
	seq      uint64                       // of the last event in it
	newest   int64                        // time of the newest event
	active   map[string]Tracked           // by Event.Key
	resting  map[string]Tracked           // ended, and may come again within the window of a Flap
	progress map[string]map[string][]byte // by hook and key
	silences map[string]*silence.Silence  // by id
}

func newFold() *fold {
	return &fold{
		active: make(map[string]Tracked), resting: make(map[string]Tracked), progress: make(map[string]map[string][]byte),
		silences: make(map[string]*silence.Silence),
	}
}

// event takes in the next event. Deliveries do not change an alert, and silences
// change only which of them it is under.
func (f *fold) event(e Event) {
	f.seq, f.newest = max(f.seq, e.Seq), max(f.newest, e.T)
	key := e.Key()
	switch e.Kind {
	case KindPending, KindFiring:
		t := Tracked{Event: e}
		if before, ok := f.active[key]; ok && before.Event.Alert.ActiveAt.Equal(e.Alert.ActiveAt) {
			t.memory = before.memory
		}
		t.memory = t.told(&e)
		f.active[key] = t
		delete(f.resting, key)
	case KindResolved, KindInactive:
		delete(f.active, key)
		f.rest(e)
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
			t.memory = t.away(d)
			f.active[key] = t
		}
	case n.Memory != nil:
		for _, m := range n.Memory {
			if t, ok := f.active[m.Key]; ok {
				t.memory = m.memory()
				t.Event.Alert.Flapping = m.Flapping
				f.active[m.Key] = t
			}
		}
	case n.Progress != nil:
		f.setProgress(n.Progress)
	case n.Silence != nil && n.Silence.Forgotten:
		delete(f.silences, n.Silence.ID)
	case n.Silence != nil:
		s, err := n.Silence.Silence()
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
		if e.Alert.State == PhaseInactive {
			f.rest(e)
			break
		}
		f.active[e.Key()] = Tracked{Event: e, memory: n.Alert.memory()}
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

// rest remembers an alert that ended, if it is to be known how often it comes and
// goes.
func (f *fold) rest(e Event) {
	if len(e.changes) == 0 {
		return
	}
	e.Alert.Annotations, e.Alert.Evidence = nil, nil
	f.resting[e.Key()] = Tracked{Event: e, memory: memory{Changes: e.changes}}
	if len(f.resting) > maxResting {
		f.forget()
	}
}

// maxResting is how many alerts that ended are remembered at most, for all
// rules, about.
const maxResting = 20000

// forget lets go of those that ended longer ago than any window, and of the older
// half when they are too many all the same.
func (f *fold) forget() {
	until := f.newest - maxFlapWindow.Milliseconds()
	maps.DeleteFunc(f.resting, func(_ string, t Tracked) bool { return t.Event.T < until })
	if len(f.resting) <= maxResting {
		return
	}
	all := byNumber(f.resting)
	for _, t := range all[:len(all)-maxResting/2] {
		delete(f.resting, t.Event.Key())
	}
}

// snapshot returns the notes that give the same fold again.
func (f *fold) snapshot() ([][]byte, error) {
	notes := []storedNote{{Seq: &f.seq}}
	f.forget()
	for _, t := range f.tracked() {
		b, err := encodeEvent(&t.Event)
		if err != nil {
			return nil, err
		}
		s := &storedTracked{Seq: t.Event.Seq, Lost: t.Lost.Milliseconds(), Event: b}
		if !t.equal(memory{Lost: t.Lost}) {
			more := t.stored("")
			s.Memory = &more
		}
		notes = append(notes, storedNote{Alert: s})
	}
	for _, hook := range slices.Sorted(maps.Keys(f.progress)) {
		for _, key := range slices.Sorted(maps.Keys(f.progress[hook])) {
			notes = append(notes, Progress{Hook: hook, Key: key, Data: f.progress[hook][key]}.stored())
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.silences)) {
		notes = append(notes, silenceNote(f.silences[id].Record()).stored())
	}
	return packNotes(notes)
}

// current returns the events of the active alerts in the order of their events.
func (f *fold) current() []Event {
	list := byNumber(f.active)
	events := make([]Event, len(list))
	for i, t := range list {
		events[i] = t.Event
	}
	return events
}

// tracked returns the active alerts, then those that rest.
func (f *fold) tracked() []Tracked { return append(byNumber(f.active), byNumber(f.resting)...) }

// byNumber sorts what has no number behind what has, as it was announced.
func byNumber(of map[string]Tracked) []Tracked {
	all := slices.Collect(maps.Values(of))
	slices.SortFunc(all, func(a, b Tracked) int {
		return cmp.Or(cmp.Compare(a.Event.Announced, b.Event.Announced), cmp.Compare(a.Event.Seq, b.Event.Seq))
	})
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
