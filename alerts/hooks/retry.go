package hooks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"monitord/alerts"
)

// Retry has a hook try again now: what waits after a failure, and what was given
// up, which is delivered under the same key as before. With a number only the
// delivery of that event. It returns how many deliveries that is.
func (r *Runner) Retry(ctx context.Context, name string, seq uint64) (int, error) {
	n := 0
	found := false
	var letters []letter
	err := r.ask(ctx, func() {
		if h := r.find(name); h != nil {
			found = true
			n, letters = len(h.failing(seq)), h.buriedUnder(seq)
		}
	})
	if err == nil && !found {
		err = noHook(name)
	}
	if err != nil {
		return 0, fmt.Errorf("retry: %w", err)
	}
	// By parts: what has been read when the time is up is under way.
	for part := range slices.Chunk(letters, reviveAtOnce) {
		revived, err := r.unpackAll(part)
		if err != nil {
			return n, fmt.Errorf("retry: read the alert journal: %w", err)
		}
		if err := r.ask(ctx, func() {
			h := r.find(name)
			for _, d := range revived {
				if h != nil && h.revive(d, time.Now()) {
					n++
				}
			}
		}); err != nil {
			return n, fmt.Errorf("retry: %w", err)
		}
	}
	// Only now: what waits may be the resolved of what was given up.
	if err := r.ask(ctx, func() {
		if h := r.find(name); h != nil {
			h.hurry(seq, time.Now())
		}
	}); err != nil {
		return n, fmt.Errorf("retry: %w", err)
	}
	if seq > 0 && n == 0 {
		return 0, fmt.Errorf("retry: event %d: %w, monitord hook list %s shows those that there are", seq, ErrNoDelivery, name)
	}
	return n, nil
}

// reviveAtOnce bounds the dead letters that are read before they are lined up.
const reviveAtOnce = 32

// failing are the deliveries that failed and wait, all for 0.
func (h *hook) failing(seq uint64) []*delivery {
	return slices.DeleteFunc(h.outstanding(), func(d *delivery) bool {
		return seq == 0 && d.attempts == 0 || seq > 0 && !slices.Contains(d.seqs, seq)
	})
}

// hurry makes those that wait after a failure due now.
func (h *hook) hurry(seq uint64, now time.Time) {
	for _, d := range h.failing(seq) {
		if !d.running && !d.lane.running {
			d.ready = now
			h.due.at(d.lane, now)
		}
	}
}

// buriedUnder are the dead letters with that number, all for 0, in the journal's order.
func (h *hook) buriedUnder(seq uint64) []letter {
	var list []letter
	for _, l := range h.dead {
		if (seq == 0 || l.ticket.seq == seq) && h.open[l.ticket] == nil {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b letter) int {
		return cmp.Or(cmp.Compare(a.ticket.seq, b.ticket.seq), cmp.Compare(a.ticket.repeat, b.ticket.repeat))
	})
	return list
}

// unpackAll makes deliveries of dead letters, but for those that the journal has lost.
func (r *Runner) unpackAll(letters []letter) ([]*delivery, error) {
	var all []*delivery
	active := sync.OnceValue(func() map[uint64]*alerts.Event {
		current, _ := r.log.Current()
		bySeq := make(map[uint64]*alerts.Event, len(current))
		for i := range current {
			bySeq[current[i].Seq] = &current[i]
		}
		return bySeq
	})
	for _, l := range letters {
		d, err := r.unpack(l, active)
		if err != nil {
			return nil, err
		}
		if d != nil {
			all = append(all, d)
		}
	}
	return all, nil
}

// unpack makes a delivery of a dead letter; nil if the journal has lost it. What
// is no longer kept is taken from the alerts that are active.
func (r *Runner) unpack(l letter, active func() map[uint64]*alerts.Event) (*delivery, error) {
	given, err := readOne(r.log, l.event)
	if err != nil || given == nil || given.Delivery == nil {
		return nil, err
	}
	d := &delivery{repeat: l.ticket.repeat, sealed: true}
	for _, seq := range append(slices.Clone(given.Delivery.With), given.Delivery.Of) {
		var e *alerts.Event
		if e, err = readOne(r.log, seq); err != nil {
			return nil, err
		}
		if e == nil {
			e = active()[seq]
		}
		if e != nil {
			d.add(seq, e.Key())
			d.bytes += sizeOf(e)
		}
	}
	if len(d.seqs) == 0 || d.ticket() != l.ticket {
		return nil, nil
	}
	return d, nil
}

// revive lines up what was given up. It stays a dead letter until it is
// delivered, so that a kill does not lose it.
func (h *hook) revive(d *delivery, now time.Time) bool {
	if h.open[d.ticket()] != nil || !slices.ContainsFunc(h.dead, func(l letter) bool { return l.ticket == d.ticket() }) {
		return false
	}
	for _, t := range d.tickets() {
		h.open[t] = d
	}
	h.enqueue(d, now)
	h.advance(d)
	h.dirty = true
	return true
}

// advance brings the last of a lane before what came after it in the journal and
// waits, so that no firing is told behind the resolved of the same alert.
func (h *hook) advance(d *delivery) {
	l := d.lane
	queue := l.queue[:len(l.queue)-1]
	at := len(queue)
	for at > 0 && !queue[at-1].running && queue[at-1].after(d) {
		at--
	}
	copy(l.queue[at+1:], queue[at:])
	l.queue[at] = d
	if l.head() == d && !l.running {
		h.due.at(l, d.ready)
	}
}
