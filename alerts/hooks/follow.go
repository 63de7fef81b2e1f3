package hooks

import (
	"slices"
	"time"
)

// follow sees to it that the last that a receiver hears of each alert of what was
// lined up is what is true. Where nothing that waits says it, a repeat of the
// newest event is lined up behind; grouped if the hook groups. It returns of how
// many alerts.
func (h *hook) follow(up []revival, p *past, fires map[string]newest, now time.Time) int {
	type batch struct {
		lane  *lane
		group string // key of a group, or place of an alert
	}
	count := 0
	behind := make(map[string]*delivery) // by place; nil for none
	open := make(map[batch]*delivery)
	var follows []*delivery
	for _, v := range up {
		for i, key := range v.keys {
			place := placeOf(key)
			if _, done := behind[place]; done {
				continue
			}
			behind[place] = nil
			n, _ := p.newest(place, fires)
			if h.endsWith(place, n.seq) || !n.fires && !h.SendResolved {
				continue
			}
			b := batch{v.lane, either(v.groups[i], place)}
			d := open[b]
			if d == nil || len(d.seqs) >= maxGroup {
				d = &delivery{group: v.groups[i], sealed: true, follows: true, lane: v.lane}
				open[b] = d
				follows = append(follows, d)
			}
			d.add(n.seq, n.key)
			d.repeat = max(d.repeat, n.repeats+1)
			behind[place] = d
			count++
		}
	}
	for _, d := range follows {
		for h.open[d.ticket()] != nil {
			d.repeat++
		}
		h.open[d.ticket()] = d
		h.line(d, d.lane, now)
		for _, key := range d.keys {
			if t := h.told[key]; t != nil {
				t.repeats = max(t.repeats, d.repeat)
			}
		}
	}
	for _, v := range up {
		owed := make(map[*delivery]bool)
		for _, key := range v.keys {
			if d := behind[placeOf(key)]; d != nil && !owed[d] {
				owed[d] = true
				v.owed = append(v.owed, d)
			}
		}
	}
	return count
}

// endsWith says whether a receiver that gets all that waits hears that event last of
// an alert. It does not hear it if it has had it, knows the key, and gets older ones
// before.
func (h *hook) endsWith(place string, seq uint64) bool {
	at := h.busy[place]
	if at == nil {
		return false
	}
	unsure := false
	for _, d := range slices.Backward(at.lane.queue) {
		for k, key := range slices.Backward(d.keys) {
			switch {
			case d.done || placeOf(key) != place:
			case !unsure && (d.seqs[k] != seq || !d.unsure):
				return d.seqs[k] == seq
			case d.seqs[k] != seq:
				return false
			default:
				unsure = true
			}
		}
	}
	return unsure
}
