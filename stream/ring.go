package stream

// An entry is an [Entry] as the engine keeps it: framed, numbered, immutable but
// for the variants that are made when they are needed.
type entry struct {
	ord      uint64 // counts the entries of a topic, from 1
	pos      int64
	frame    framed  // all messages
	preamble *framed // nil: none; shared by entries with the same one
	messages int32
	gone     bool // from the ring; guarded by the topic's mu
}

// newEntry frames an entry but for its preamble.
func newEntry(e *Entry) *entry {
	n := 0
	for _, m := range e.Messages {
		n += frameSize(len(m))
	}
	en := &entry{pos: e.Pos, messages: int32(len(e.Messages))}
	en.frame.bytes = int64(n)
	if n > 0 {
		en.frame.plain = make([]byte, 0, n)
		for _, m := range e.Messages {
			en.frame.plain = appendMessage(en.frame.plain, true, m)
		}
	}
	return en
}

// entryOverhead is what an entry takes beside its frames, about.
const entryOverhead = 112

// size is what an entry holds beside one in its ring, or nil, with which it may
// share a preamble.
func (e *entry) size(beside *entry) int64 {
	n := e.frame.bytes + entryOverhead
	if e.preamble != nil && (beside == nil || e.preamble != beside.preamble) {
		n += e.preamble.bytes
	}
	return n
}

// A ring holds the newest entries of a topic, at least one once there was one.
// It is not safe for concurrent use.
type ring struct {
	limit   int
	entries []*entry // oldest first; at most limit
	lastOrd uint64   // of the newest entry, 0 before the first
	last    int64    // the newest position, or where the topic started
	base    int64    // everything after this position is in entries
}

// push appends an entry and drops old ones: down to the limit, and further while
// the ring's share of over, the bytes that all rings have too many, is not
// freed. It returns by how much the ring's bytes have changed, and whether the
// entry's position was new.
func (r *ring) push(e *entry, over int64) (delta int64, ok bool) {
	if e.pos <= r.last {
		return 0, false
	}
	r.lastOrd++
	e.ord = r.lastOrd
	r.last = e.pos
	var newest *entry
	if n := len(r.entries); n > 0 {
		newest = r.entries[n-1]
	}
	delta = e.size(newest)
	drop := 0
	for drop < len(r.entries) && (len(r.entries)-drop >= r.limit || over+delta > 0) {
		next := e
		if drop+1 < len(r.entries) {
			next = r.entries[drop+1]
		}
		delta -= r.entries[drop].size(next)
		r.entries[drop].gone = true
		drop++
	}
	if drop > 0 {
		r.base = r.entries[drop-1].pos
		n := copy(r.entries, r.entries[drop:])
		clear(r.entries[n:])
		r.entries = r.entries[:n]
	}
	r.entries = append(r.entries, e)
	return delta, true
}

func (r *ring) clear() (freed int64) {
	for i, e := range r.entries {
		var next *entry
		if i+1 < len(r.entries) {
			next = r.entries[i+1]
		}
		freed += e.size(next)
		e.gone = true
	}
	r.entries = nil
	r.base = r.last
	return freed
}

// after returns the entries with numbers above ord and up to last, oldest first;
// complete says that the first of them is the one right after ord.
func (r *ring) after(ord, last uint64) (found []*entry, complete bool) {
	if ord >= last {
		return nil, true
	}
	first := r.lastOrd + 1 - uint64(len(r.entries)) // the number of the oldest entry
	lo, hi := max(ord+1, first), min(last, r.lastOrd)
	if lo > hi {
		return nil, false
	}
	return r.entries[lo-first : hi-first+1], lo == ord+1
}

// ordOf returns the number of the last entry at or before pos. It says false
// when entries after pos are no longer in the ring.
func (r *ring) ordOf(pos int64) (uint64, bool) {
	if pos < r.base {
		return 0, false
	}
	ord := r.lastOrd - uint64(len(r.entries))
	for _, e := range r.entries {
		if e.pos > pos {
			break
		}
		ord = e.ord
	}
	return ord, true
}
