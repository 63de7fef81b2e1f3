package stream

import (
	"maps"
	"sync"
)

// maxTallies is how many codes are counted one by one. A program has a few; should
// one make them up, what is more goes under "other".
const maxTallies = 64

// tallies are counts by code. The zero value is ready; it is safe for concurrent
// use.
type tallies struct {
	mu sync.Mutex // guards the field below
	by map[string]uint64
}

func (t *tallies) add(code string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.by == nil {
		t.by = make(map[string]uint64)
	}
	if _, known := t.by[code]; !known && len(t.by) >= maxTallies {
		code = "other"
	}
	t.by[code]++
}

func (t *tallies) snapshot() map[string]uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return maps.Clone(t.by)
}
