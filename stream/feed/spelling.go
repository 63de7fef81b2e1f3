package feed

import "monitord/stream/wire"

// Bounds of what is remembered of how clients write what they ask for.
const (
	maxSpellings = 4 // of one topic
	maxSpelled   = 1 << 10
)

// spelled returns the topic, pinned, of somebody who asked in the very same words
// before, nil if there is none. Reading an expression, above all one with a regular
// expression in it, costs more than the rest of a subscription: of the thousands
// who come back after a restart one pays for it.
func (f *Feed) spelled(kind wire.Kind, expr string, every int64) *topic {
	f.mu.Lock()
	defer f.mu.Unlock()
	tp := f.spellings[key{kind, expr, every}]
	if tp != nil {
		tp.pins++
	}
	return tp
}

// spell remembers what a topic, which is pinned and so there, was asked for with.
func (f *Feed) spell(tp *topic, expr string) {
	if len(expr) > maxSpelled {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	k := key{tp.key.kind, expr, tp.key.every}
	if len(tp.spellings) < maxSpellings && f.spellings[k] == nil {
		tp.spellings = append(tp.spellings, k)
		f.spellings[k] = tp
	}
}

func (f *Feed) forgetSpellingsLocked(tp *topic) {
	for _, k := range tp.spellings {
		delete(f.spellings, k)
	}
	tp.spellings = nil
}
