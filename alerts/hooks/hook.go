package hooks

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"monitord/alerts"
)

// hook is where one hook stands. It is a fold of the journal, and what is being
// attempted on top; time is an argument. Not safe for concurrent use: the
// runner's goroutine owns it.
type hook struct {
	compiled
	read   uint64 // events up to here have been taken
	target uint64 // nothing is attempted before read is there: what was delivered before the start is known then

	open    map[ticket]*delivery
	loose   map[string]*delivery // deliveries of events without a number, by identity
	busy    map[string]*place    // where the deliveries of an alert stand, by placeOf
	groups  map[string]*lane     // where the deliveries of a group stand
	due     lanes                // those with something to attempt and nothing under way
	chore   *chore               // nil: it has none
	running int                  // attempts, and the chore
	waiting int                  // deliveries that are not done
	held    int                  // events of these
	share   int                  // how many of these may wait; the journal keeps the rest
	knows   int                  // how many alerts told may hold

	told     map[string]*account // by alert
	overflow bool                // more fire than told holds, or did
	blank    bool                // what was told before the start is not known, but for what fires now
	reminder time.Time           // when a repeat may be due; zero: not before something happens
	rate     rate

	sealed  map[uint64]*delivery // while read is behind target: events that belong to a delivery of before the start
	unseals []string             // notes of deliveries that are closed, to be forgotten
	dead    []letter
	buried  uint64 // what was given up to this event is in dead, or was

	dirty     bool // progress is worth a note
	deadDirty bool // and so is dead
	noted     uint64
	notedAt   time.Time
	size      int // bytes of the last notes
	stats     HookStats
}

// place is the lane in which an alert has deliveries. What is new of that alert
// goes there too, so that order holds when groups change with the configuration.
type place struct {
	lane *lane
	n    int // deliveries that are not done
}

// maxWaiting is how many events may wait for a hook before it reads no further:
// the journal keeps the rest. All hooks together have maxWaitingAll, but each at
// least minWaiting.
const (
	maxWaiting    = 16384
	maxWaitingAll = 1 << 17
	minWaiting    = 128
)

// shareOf is how many events may wait for each of so many hooks.
func shareOf(hooks int) int { return min(max(maxWaitingAll/hooks, minWaiting), maxWaiting) }

// divide gives the hook its part of what all of so many may hold.
func (h *hook) divide(hooks int) {
	h.share = shareOf(hooks)
	h.knows = min(max(maxToldAll/hooks, minTold), maxTold)
}

// maxLoose bounds the events without a number that a hook knows.
const maxLoose = 1024

func newHook(c compiled) *hook {
	h := &hook{
		open:   make(map[ticket]*delivery),
		loose:  make(map[string]*delivery),
		busy:   make(map[string]*place),
		groups: make(map[string]*lane),
		told:   make(map[string]*account),
		sealed: make(map[uint64]*delivery),
		share:  maxWaiting,
		knows:  maxTold,
	}
	h.configure(c)
	return h
}

// configure puts a configuration in force. What waits stays as it is.
func (h *hook) configure(c compiled) {
	h.compiled = c
	h.stats.Name, h.stats.Type = c.Name, c.Type
	h.rate.set(c.MaxPerMinute)
	h.reminder = time.Time{}
	for _, t := range h.told {
		h.soon(t)
	}
}

// take takes in the next event of the journal. It returns the event that is to
// be journaled if the delivery was made before there was a number.
func (h *hook) take(e *alerts.Event, now time.Time) *alerts.Event {
	h.read = max(h.read, e.Seq)
	if e.Delivery != nil {
		if e.Delivery.Hook == h.Name {
			h.settle(e, now)
		}
		return nil
	}
	if late := h.match(e); late != nil {
		return h.number(late, e)
	}
	wanted := h.hears(e)
	if d := h.sealed[e.Seq]; d != nil { // whatever the configuration says by now
		h.join(d, e, now)
	} else if wanted {
		h.accept(e, now)
	}
	return nil
}

// arrived is called when the present is reached after a start.
func (h *hook) arrived() {
	for seq, d := range h.sealed {
		if delete(h.sealed, seq); d.lane == nil {
			h.unseal(d)
		}
	}
}

// accept makes a delivery of an event, or part of one.
func (h *hook) accept(e *alerts.Event, now time.Time) {
	group := h.groupOf(e)
	if d := h.gathering(e.Key(), group); d != nil && d.bytes < maxGroupBytes {
		h.join(d, e, now)
		return
	}
	d := &delivery{unsure: h.read <= h.target} // the daemon before may have attempted it
	if group != "" {
		d.ready = now.Add(h.GroupWait)
	}
	h.join(d, e, now)
}

// join puts an event into a delivery, and that into a lane if it is in none.
func (h *hook) join(d *delivery, e *alerts.Event, now time.Time) {
	d.add(e.Seq, e.Key())
	d.bytes += sizeOf(e)
	h.open[ticket{seq: e.Seq}] = d
	if d.lane == nil {
		d.group = h.groupOf(e)
		h.enqueue(d, now)
		return
	}
	h.held++
	h.occupy(e.Key(), d.lane)
}

// settle takes in what the journal says about a delivery of this hook.
func (h *hook) settle(e *alerts.Event, now time.Time) {
	v := e.Delivery
	over := e.Kind == alerts.KindNotified || v.GivenUp
	of := ticket{v.Of, v.Repeat}
	if over && h.read <= h.target {
		h.recount(e, now)
	}
	switch {
	case v.GivenUp:
		d := h.open[of]
		h.bury(letter{event: e.Seq, ticket: of, unsure: d == nil || d.unsure})
	case over:
		h.unbury(of)
	}
	tickets := []ticket{of}
	if v.Repeat == 0 {
		for _, seq := range v.With {
			tickets = append(tickets, ticket{seq: seq})
		}
	}
	for _, t := range tickets {
		d := h.open[t]
		switch {
		case d == nil:
		case over:
			h.close(d, t)
		case d.attempts == 0:
			d.attempts, d.err = max(v.Attempts, 1), v.Error
			d.failing(ago(now, e.T))
		}
	}
}

// recount brings the account of what was told up to an event of before the start.
func (h *hook) recount(e *alerts.Event, now time.Time) {
	at := ago(now, e.T)
	if t := h.told[e.Key()]; t != nil && t.seq == e.Delivery.Of {
		h.mark(t, e.Delivery.Repeat, at)
	}
	if len(e.Delivery.With) == 0 {
		return
	}
	for _, t := range h.told {
		if _, with := slices.BinarySearch(e.Delivery.With, t.seq); with {
			h.mark(t, e.Delivery.Repeat, at)
		}
	}
}

// close takes a delivery, or one event of it, off the books.
func (h *hook) close(d *delivery, t ticket) {
	delete(h.open, t)
	if !d.done && d.repeat == 0 && len(d.seqs) > 1 {
		for i, seq := range d.seqs {
			if seq == t.seq {
				h.vacate(d.keys[i])
				h.held--
				d.seqs, d.keys = append(d.seqs[:i:i], d.seqs[i+1:]...), append(d.keys[:i:i], d.keys[i+1:]...)
				return
			}
		}
	}
	h.finished(d)
	h.unseal(d)
}

// finished takes a delivery out of what waits.
func (h *hook) finished(d *delivery) {
	if d.done {
		return
	}
	d.done = true
	h.waiting--
	h.held -= len(d.seqs)
	for _, key := range d.keys {
		h.vacate(key)
	}
}

// identity tells events apart that have no number.
func identity(e *alerts.Event) string { return fmt.Sprintf("%s %d %s", e.Key(), e.T, e.Kind) }

// announced takes in an event that the disk did not take. It is delivered by
// itself, whatever group it is of.
func (h *hook) announced(e *alerts.Event, now time.Time) {
	if h.chore != nil && h.chore.standing != nil {
		h.chore.standing.announced(e)
	}
	id := identity(e)
	if h.loose[id] != nil {
		return
	}
	if len(h.loose) >= maxLoose {
		if (fires(e) || e.Kind == alerts.KindResolved) && h.asked(e) {
			h.stats.Skipped++
		}
		return
	}
	if !h.hears(e) {
		return
	}
	d := &delivery{event: e, seqs: []uint64{0}, keys: []string{e.Key()}, sealed: true}
	h.loose[id] = d
	h.enqueue(d, now)
}

// match returns the delivery that was begun before the event had a number. The
// disk takes events in order: those without a number from before this event
// will not get one any more.
func (h *hook) match(e *alerts.Event) *delivery {
	if len(h.loose) == 0 {
		return nil
	}
	id := identity(e)
	d := h.loose[id]
	delete(h.loose, id)
	for id, other := range h.loose {
		if other.event != nil && other.event.T < e.T {
			delete(h.loose, id)
		}
	}
	return d
}

// number gives a delivery the number of its event, and returns what there was
// to be said about it before.
func (h *hook) number(d *delivery, e *alerts.Event) *alerts.Event {
	d.seqs[0], d.event = e.Seq, nil
	h.open[ticket{seq: e.Seq}] = d
	switch t := h.told[e.Key()]; {
	case t == nil:
	case fires(e) && t.seq == 0:
		t.seq = e.Seq
	case e.Kind == alerts.KindResolved && t.seq > 0:
		h.forget(e.Key())
	}
	if !d.done || d.verdict == nil {
		return nil
	}
	verdict := *d.verdict
	v := *verdict.Delivery
	v.Of = e.Seq
	verdict.Delivery = &v
	return &verdict
}

// room says whether the hook may read on.
func (h *hook) room() bool { return h.read < h.target || h.held < cmp.Or(h.share, maxWaiting) }
