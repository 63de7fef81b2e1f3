package hooks

import (
	"container/heap"
	"time"
)

// lane is deliveries of one alert or one group, in order. It is in its hook's
// heap when it has a delivery to attempt and none under way.
type lane struct {
	group   string // key of the group; empty: of one alert
	queue   []*delivery
	due     time.Time // when the first may be attempted
	running bool
	at      int // in the heap, -1 outside
	order   uint64
}

// head drops what is done and returns the first delivery, nil if none is left.
func (l *lane) head() *delivery {
	for len(l.queue) > 0 && l.queue[0].done {
		l.queue[0] = nil
		l.queue = l.queue[1:]
	}
	if len(l.queue) == 0 {
		return nil
	}
	return l.queue[0]
}

// last is the delivery that came last, nil if there is none.
func (l *lane) last() *delivery {
	if len(l.queue) == 0 {
		return nil
	}
	return l.queue[len(l.queue)-1]
}

// lanes is a heap: those due first, then those that came first.
type lanes []*lane

func (h lanes) Len() int { return len(h) }

func (h lanes) Less(i, j int) bool {
	if !h[i].due.Equal(h[j].due) {
		return h[i].due.Before(h[j].due)
	}
	return h[i].order < h[j].order
}

func (h lanes) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

// Push is for container/heap only.
func (h *lanes) Push(x any) {
	l := x.(*lane)
	l.at = len(*h)
	*h = append(*h, l)
}

// Pop is for container/heap only.
func (h *lanes) Pop() any {
	old := *h
	l := old[len(old)-1]
	l.at = -1
	old[len(old)-1] = nil
	*h = old[:len(old)-1]
	return l
}

func (h *lanes) add(l *lane) { heap.Push(h, l) }

func (h *lanes) first() *lane { return heap.Pop(h).(*lane) }

// at moves a lane to when it is due.
func (h *lanes) at(l *lane, due time.Time) {
	l.due = due
	if l.at >= 0 {
		heap.Fix(h, l.at)
	}
}

// remove takes a lane out, should it be in.
func (h *lanes) remove(l *lane) {
	if l.at >= 0 {
		heap.Remove(h, l.at)
	}
}
