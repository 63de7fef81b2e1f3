package feed

import (
	"sync"

	"monitord/stream"
)

// waiters are polls that wait for topics to say something. Who waits is woken when
// one of its topics has, and the mark has moved past it. The zero value has none; it
// is safe for concurrent use.
type waiters struct {
	waitMu  sync.Mutex // guards the fields below
	byTopic map[uint32]map[*waiter]struct{}
	stirred map[uint32]struct{} // topics that have said something since the last tick was whole
}

// A waiter is one poll.
type waiter struct {
	topics []uint32
	woken  chan struct{} // holds one
}

// wait adds a poll of some topics. It must be taken out with leave.
func (ws *waiters) wait(topics []uint32) *waiter {
	w := &waiter{topics: topics, woken: make(chan struct{}, 1)}
	ws.waitMu.Lock()
	defer ws.waitMu.Unlock()
	if ws.byTopic == nil {
		ws.byTopic = make(map[uint32]map[*waiter]struct{})
	}
	for _, id := range topics {
		if ws.byTopic[id] == nil {
			ws.byTopic[id] = make(map[*waiter]struct{})
		}
		ws.byTopic[id][w] = struct{}{}
	}
	return w
}

func (ws *waiters) leave(w *waiter) {
	ws.waitMu.Lock()
	defer ws.waitMu.Unlock()
	for _, id := range w.topics {
		delete(ws.byTopic[id], w)
		if len(ws.byTopic[id]) == 0 {
			delete(ws.byTopic, id)
		}
	}
}

// stir notes which topics have said something before the tick is whole.
func (ws *waiters) stir(items []stream.Item) {
	ws.waitMu.Lock()
	defer ws.waitMu.Unlock()
	if ws.stirred == nil {
		ws.stirred = make(map[uint32]struct{})
	}
	for i := range items {
		if len(items[i].Entry.Messages) > 0 {
			ws.stirred[items[i].Topic.ID()] = struct{}{}
		}
	}
}

// wake wakes those that wait for a topic of which there is something in items.
func (ws *waiters) wake(items []stream.Item) {
	ws.waitMu.Lock()
	defer ws.waitMu.Unlock()
	if len(ws.byTopic) == 0 {
		return
	}
	for i := range items {
		if len(items[i].Entry.Messages) > 0 {
			ws.wakeLocked(items[i].Topic.ID())
		}
	}
}

// wakeStirred wakes those that wait for a topic that has been stirred or was late:
// the tick is whole. Events of the journal, which come in between, must not: who is
// woken before finds nothing, and would not be woken again.
func (ws *waiters) wakeStirred(were []late) {
	ws.waitMu.Lock()
	defer ws.waitMu.Unlock()
	for id := range ws.stirred {
		ws.wakeLocked(id)
	}
	for _, l := range were {
		ws.wakeLocked(l.sub) // it may have kept others back, and have nothing to say itself
	}
	clear(ws.stirred)
}

func (ws *waiters) wakeLocked(id uint32) {
	for w := range ws.byTopic[id] {
		select {
		case w.woken <- struct{}{}:
		default: // it has been told
		}
	}
}

// waiting returns how many polls wait for something.
func (ws *waiters) waiting() int {
	ws.waitMu.Lock()
	defer ws.waitMu.Unlock()
	all := make(map[*waiter]struct{})
	for _, of := range ws.byTopic {
		for w := range of {
			all[w] = struct{}{}
		}
	}
	return len(all)
}
