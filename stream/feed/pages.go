package feed

import (
	"container/list"
	"context"
	"sync"
)

// pagesBytes bounds the pages of replays that are kept for others who resume.
const pagesBytes = 8 << 20

// A pageKey says which page: the topic's number, and the due times in it. For
// alerts from is the number before it and to the newest one there was.
type pageKey struct {
	sub      uint32
	from, to int64
}

// A page is a piece of a replay. It is immutable.
type page struct {
	messages [][]byte
	at       []int64 // the time or position that each belongs to, of a gap where it begins
	series   []byte  // the series message in force at its end
	to       int64   // the last time or position in it; before from: there was nothing
	passing  bool    // it tells of a failure that may not come again: it is not kept
}

func (p *page) size() int {
	n := 128
	for _, m := range p.messages {
		n += len(m) + 32
	}
	return n
}

func (p *page) add(message []byte, at int64) {
	p.messages = append(p.messages, message)
	p.at = append(p.at, at)
}

// pages keeps what is asked for again and again, within a bound in bytes: what
// was asked for the longest time ago goes first. It is safe for concurrent use.
type pages struct {
	limit int

	mu     sync.Mutex // guards the fields below
	slots  map[pageKey]*slot
	order  *list.List // of *slot that are done, most recently used first
	bytes  int
	hits   uint64
	misses uint64
}

type slot struct {
	key   pageKey
	ready chan struct{} // closed when page and err are set
	page  page
	err   error
	place *list.Element // nil while it is made
}

func newPages(limit int) *pages {
	return &pages{limit: limit, slots: make(map[pageKey]*slot), order: list.New()}
}

// get returns the page, and makes it unless it is there or somebody is making it.
func (ps *pages) get(ctx context.Context, k pageKey, build func(context.Context) (page, error)) (page, error) {
	ps.mu.Lock()
	s := ps.slots[k]
	if s != nil {
		ps.hits++
		if s.place != nil {
			ps.order.MoveToFront(s.place)
		}
		ps.mu.Unlock()
		select {
		case <-s.ready:
			return s.page, s.err
		case <-ctx.Done():
			return page{}, ctx.Err()
		}
	}
	s = &slot{key: k, ready: make(chan struct{})}
	ps.slots[k] = s
	ps.misses++
	ps.mu.Unlock()

	s.err = context.Canceled // what others get should build panic
	defer func() {
		ps.finish(s)
		close(s.ready)
	}()
	s.page, s.err = build(ctx)
	return s.page, s.err
}

// finish keeps a page that was made, if it is good, and makes room for it.
func (ps *pages) finish(s *slot) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if s.err != nil || s.page.passing || s.page.size() > ps.limit {
		delete(ps.slots, s.key)
		return
	}
	s.place = ps.order.PushFront(s)
	ps.bytes += s.page.size()
	for ps.bytes > ps.limit {
		oldest := ps.order.Remove(ps.order.Back()).(*slot)
		delete(ps.slots, oldest.key)
		ps.bytes -= oldest.page.size()
	}
}
