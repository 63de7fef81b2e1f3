package hooks

import (
	"errors"

	"monitord/alerts"
	"monitord/alerts/journal"
)

// newest is the event that says last whether an alert fires, among those that are
// for a hook.
type newest struct {
	seq     uint64
	key     string
	fires   bool
	repeats int // said again so often
}

// past is what the journal says about the alerts of dead letters, up to a number.
// One goroutine uses it at a time.
type past struct {
	hook    compiled
	upTo    uint64
	fires   map[string]newest // what the hook knew to fire by then, by place
	more    bool              // and there is more that fires
	wanted  map[string]bool   // places
	events  map[string]newest // what was found, by place
	repeats map[uint64]int    // the highest repeat of a delivery, by the number that names it
}

func (h *hook) past() *past {
	return &past{
		hook: h.compiled, upTo: h.read, fires: h.firesByPlace(), more: h.overflow,
		wanted: make(map[string]bool), events: make(map[string]newest), repeats: make(map[uint64]int),
	}
}

// firesByPlace is what the hook knows to fire. Two rules may have the same alert:
// then it is what was told last.
func (h *hook) firesByPlace() map[string]newest {
	all := make(map[string]newest, len(h.told))
	for key, t := range h.told {
		if n, ok := all[placeOf(key)]; !ok || t.seq > n.seq {
			all[placeOf(key)] = newest{t.seq, key, true, t.repeats}
		}
	}
	return all
}

func (p *past) concerns(key string) bool { return p.wanted[placeOf(key)] }

// take takes in an event of the journal. Of what begins to fire the hook knows
// itself if it was told, but for what was too much for it.
func (p *past) take(e *alerts.Event) {
	if v := e.Delivery; v != nil {
		if v.Hook == p.hook.Name && v.Repeat > p.repeats[v.Of] {
			p.repeats[v.Of] = v.Repeat
		}
		return
	}
	place := placeOf(e.Key())
	if !p.wanted[place] || e.Seq < p.events[place].seq {
		return
	}
	if e.Kind == alerts.KindResolved || p.more && fires(e) && p.hook.asked(e) {
		p.events[place] = newest{seq: e.Seq, key: e.Key(), fires: e.Kind != alerts.KindResolved}
	}
}

// lookBack looks in the journal for what happened to those alerts of dead letters
// that do not fire: backwards, to the oldest of the letters at most.
func (r *Runner) lookBack(p *past, letters []revival) error {
	missing := make(map[string]bool)
	oldest := p.upTo
	for _, v := range letters {
		for i, key := range v.keys {
			if _, fires := p.fires[placeOf(key)]; !fires {
				missing[placeOf(key)] = true
				oldest = min(oldest, v.seqs[i])
			}
		}
	}
	for to := p.upTo; len(missing) > 0 && to >= oldest && to > 0; {
		from := to - min(to, pageEvents)
		if err := r.look(p, from, to); err != nil {
			return err
		}
		for place := range missing {
			if p.events[place].seq > 0 {
				delete(missing, place)
			}
		}
		to = from
	}
	return nil
}

// lookOn takes in what has happened up to a number.
func (r *Runner) lookOn(p *past, to uint64) error {
	if to <= p.upTo {
		return nil
	}
	err := r.look(p, p.upTo, to)
	if err == nil {
		p.upTo = to
	}
	return err
}

// look takes in the events in (from, to] that are kept.
func (r *Runner) look(p *past, from, to uint64) error {
	for from < to {
		events, err := r.log.Read(from, int(min(to-from, pageEvents)))
		switch {
		case errors.Is(err, journal.ErrExpired):
			from = max(r.log.First(), from+2) - 1
			continue
		case err != nil:
			return err
		case len(events) == 0:
			return nil
		}
		for i := range events {
			if events[i].Seq <= to {
				p.take(&events[i])
			}
		}
		from = events[len(events)-1].Seq
	}
	return nil
}

// newest is what an alert's receiver has to know last. It is not known if the
// journal has lost it, or has not been told how the alert ended.
func (p *past) newest(place string, fires map[string]newest) (newest, bool) {
	if n, ok := fires[place]; ok {
		return n, n.seq > 0
	}
	n, ok := p.events[place]
	n.repeats = p.repeats[n.seq]
	return n, ok
}
