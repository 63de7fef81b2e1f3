package hooks

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"monitord/alerts"
)

// A revival is a dead letter that is to be delivered after all.
type revival struct {
	*delivery
	groups []string // of each of its events, as groups are now
}

// buriedFrom are the dead letters from that number on, in the journal's order.
func (h *hook) buriedFrom(seq uint64) []letter {
	var list []letter
	for _, l := range h.dead {
		if l.ticket.seq >= seq && h.open[l.ticket] == nil {
			list = append(list, l)
		}
	}
	slices.SortFunc(list, func(a, b letter) int {
		return cmp.Or(cmp.Compare(a.ticket.seq, b.ticket.seq), cmp.Compare(a.ticket.repeat, b.ticket.repeat))
	})
	return list
}

// exhumeFor is how long reading what was given up may take: a caller waits for
// it. What there was no time for can be retried next.
const exhumeFor = 5 * time.Second

// exhume makes deliveries of dead letters: of all or, with a number, of the one of
// that number and of those after it that are about the same alerts.
func (r *Runner) exhume(letters []letter, p *past, seq uint64) (all []revival, left []Left, err error) {
	active := sync.OnceValue(func() map[uint64]*alerts.Event {
		current, _ := r.log.Current()
		bySeq := make(map[uint64]*alerts.Event, len(current))
		for i := range current {
			bySeq[current[i].Seq] = &current[i]
		}
		return bySeq
	})
	begun := time.Now()
	for _, l := range letters {
		if time.Since(begun) > exhumeFor {
			left = append(left, Left{l.ticket.seq, l.ticket.repeat, "there was no time for it, retry once more"})
			continue
		}
		v, err := r.unpack(l, p, active)
		if err != nil {
			return nil, nil, err
		}
		asked := seq == 0 || l.ticket.seq == seq
		switch {
		case v.delivery == nil && asked:
			left = append(left, Left{l.ticket.seq, l.ticket.repeat, "the journal no longer keeps what it said"})
		case v.delivery == nil, !asked && !slices.ContainsFunc(v.keys, p.concerns):
		default:
			all = append(all, v)
			for _, key := range v.keys {
				p.wanted[placeOf(key)] = true
			}
		}
	}
	return all, left, nil
}

// unpack makes a delivery of a dead letter; none if the journal has lost it. What
// is no longer kept is taken from the alerts that are active.
func (r *Runner) unpack(l letter, p *past, active func() map[uint64]*alerts.Event) (revival, error) {
	given, err := readOne(r.log, l.event)
	if err != nil || given == nil || given.Delivery == nil {
		return revival{}, err
	}
	v := revival{delivery: &delivery{repeat: l.ticket.repeat, sealed: true, unsure: l.unsure, revived: true}}
	for _, seq := range append(slices.Clone(given.Delivery.With), given.Delivery.Of) {
		var e *alerts.Event
		if e, err = readOne(r.log, seq); err != nil {
			return revival{}, err
		}
		if e == nil {
			e = active()[seq]
		}
		if e != nil {
			v.add(seq, e.Key())
			v.bytes += sizeOf(e)
			v.groups = append(v.groups, p.hook.groupOf(e))
		}
	}
	if len(v.seqs) == 0 || v.ticket() != l.ticket {
		return revival{}, nil
	}
	return v, nil
}

// lineUp lines up what was given up, and what is to be said behind it. It stays a
// dead letter until it is delivered, so that a kill does not lose it.
func (h *hook) lineUp(all []revival, p *past, done *Retried, now time.Time) {
	fires := h.firesByPlace()
	buried := make(map[ticket]bool, len(h.dead))
	for _, l := range h.dead {
		buried[l.ticket] = true
	}
	unwritten := make(map[string]bool) // places of what the disk has not taken
	for _, d := range h.loose {
		for _, key := range d.keys {
			unwritten[placeOf(key)] = true
		}
	}
	var up []revival
	for _, v := range all {
		if h.open[v.ticket()] != nil || !buried[v.ticket()] {
			continue // somebody else was faster
		}
		if why := h.hinders(v.delivery, p, fires, unwritten); why != "" {
			done.Left = append(done.Left, Left{v.of(), v.repeat, why})
			continue
		}
		for _, t := range v.tickets() {
			h.open[t] = v.delivery
		}
		h.enqueue(v.delivery, now)
		h.advance(v.delivery)
		up = append(up, v)
	}
	done.Retried += len(up)
	done.Followed = h.follow(up, p, fires, now)
	h.dirty = true
}

// hinders says why a dead letter must stay one: after it, a receiver could be left
// with what is not true.
func (h *hook) hinders(d *delivery, p *past, fires map[string]newest, unwritten map[string]bool) string {
	var in *lane
	for _, key := range d.keys {
		place := placeOf(key)
		if unwritten[place] {
			return "the disk has not taken what happened to its alert since, retry when it has"
		}
		if _, known := p.newest(place, fires); !known {
			return "how its alert went on is not known"
		}
		if at := h.busy[place]; at != nil {
			if in != nil && in != at.lane {
				return "other deliveries of its alerts wait apart from each other since the groups changed, retry when they are made"
			}
			in = at.lane
		}
	}
	return ""
}

// layBack has a dead letter that was lined up wait for another retry, and takes
// back what was to follow it alone.
func (h *hook) layBack(d *delivery) {
	for _, t := range d.tickets() {
		delete(h.open, t)
	}
	h.finished(d)
	for _, owed := range d.owed {
		if !owed.stored && !slices.ContainsFunc(d.lane.queue, func(other *delivery) bool { return !other.done && slices.Contains(other.owed, owed) }) {
			delete(h.open, owed.ticket())
			h.finished(owed)
		}
	}
	h.dirty = true
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
