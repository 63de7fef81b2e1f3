package feed

import (
	"sync"

	"github.com/prometheus/prometheus/model/labels"
)

// revisions hands out the revisions of one topic's columns, to its live messages
// and to every page of its replays alike: since a reader compares them for
// equality only, different columns must never share one. Columns that replays
// meet again get the revision that they had. It is made by newRevisions and safe
// for concurrent use.
type revisions struct {
	mu    sync.Mutex // guards the fields below
	last  uint64
	known map[uint64]uint64 // hash of the columns → revision; at most maxRevisions
}

const maxRevisions = 256

func newRevisions() *revisions { return &revisions{known: make(map[uint64]uint64)} }

// next is for columns that a live topic changes to: a number that only grows.
func (r *revisions) next(cols []labels.Labels) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.giveLocked(hashColumns(cols))
}

// of is for columns of a replay.
func (r *revisions) of(cols []labels.Labels) uint64 {
	h := hashColumns(cols)
	r.mu.Lock()
	defer r.mu.Unlock()
	if rev, ok := r.known[h]; ok {
		return rev
	}
	return r.giveLocked(h)
}

func (r *revisions) giveLocked(hash uint64) uint64 {
	r.last++
	if len(r.known) >= maxRevisions {
		for h, rev := range r.known { // any but the newest: that is likely to be asked for
			if rev != r.last-1 {
				delete(r.known, h)
				break
			}
		}
	}
	r.known[hash] = r.last
	return r.last
}

// hashColumns is FNV-1a over the hashes of the labels, in their order.
func hashColumns(cols []labels.Labels) uint64 {
	h := uint64(14695981039346656037)
	for _, ls := range cols {
		h = (h ^ ls.Hash()) * 1099511628211
	}
	return h
}
