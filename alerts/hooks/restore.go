package hooks

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"monitord/alerts"
)

// begin makes a hook that the journal knows nothing of start with what is
// firing now; later events follow.
func (h *hook) begin(log Log, now time.Time) {
	current, seq := log.Current()
	for i := range current {
		if e := &current[i]; fires(e) && h.hears(e) {
			h.accept(e, now)
		}
	}
	h.read, h.target = seq, seq
	h.buried = seq
	h.dirty = true
}

// errUnread says that what waits may well be in the journal, which cannot be read now.
var errUnread = errors.New("the journal cannot be read")

// missed makes up for events up to the one with the number first, which the journal
// dropped before the hook read them: what they said began to fire, and still does, is
// told.
func (h *hook) missed(log Log, first uint64, now time.Time) {
	current, _ := log.Current()
	for i := range current {
		e := &current[i]
		if e.Seq <= h.read || e.Seq >= first || !fires(e) {
			continue
		}
		wanted := h.hears(e)
		if d := h.sealed[e.Seq]; d != nil {
			h.join(d, e, now)
		} else if wanted {
			h.accept(e, now)
		}
	}
}

// restore makes a hook go on where its notes say. What happened behind that is
// read before anything is attempted.
func (h *hook) restore(log Log, notes map[string][]byte, now time.Time) error {
	p, err := parseProgress(notes[progressKey])
	if err != nil {
		return err
	}
	if err := h.restoreDead(notes[deadKey]); err != nil {
		return err
	}
	h.target = log.Last()
	h.read = min(p.After, h.target)
	h.noted = h.read
	h.restoreTold(log, p, now)
	h.rate.restore(notes[begunKey], now)
	r := restoring{hook: h, log: log, now: now, seals: parseSeals(notes), keys: make(map[uint64]string, len(h.told))}
	for key, t := range h.told {
		r.keys[t.seq] = key
	}
	if !slices.Equal(p.By, h.GroupBy) && len(r.seals) > 0 {
		// Alerts that were in one group may have lanes of their own now: in one lane
		// for all that is left over, the order of each holds.
		r.lane = &lane{at: -1}
	}
	for _, o := range p.Open {
		if err := r.open(o); err != nil {
			return fmt.Errorf("read event %d for hook %q: %w: %w", o.Seq, h.Name, errUnread, err)
		}
	}
	return r.rest()
}

// restoreTold takes over what had been told by then. A note of an older version
// does not say: then it is what fires now and fired then.
func (h *hook) restoreTold(log Log, p progress, now time.Time) {
	h.overflow = p.Over
	if p.Told == nil {
		h.blank = true
		current, _ := log.Current()
		for i := range current {
			if e := &current[i]; fires(e) && e.Seq <= h.read && h.asked(e) {
				h.tell(e.Key(), &account{seq: e.Seq, at: ago(now, e.T)})
			}
		}
	}
	for _, a := range p.Told {
		t := &account{seq: a.Seq, repeats: max(a.Repeats, 0), muted: a.Muted}
		if a.At > 0 {
			t.at = ago(now, a.At)
		}
		h.tell(a.Key, t)
	}
	for _, t := range h.told {
		h.soon(t)
	}
}

// restoring is a start that puts open deliveries back.
type restoring struct {
	hook  *hook
	log   Log
	now   time.Time
	seals map[ticket]seal
	keys  map[uint64]string // of the alerts that were told, by the number of the event that did
	lane  *lane             // of all of them, if it is not nil
}

// open puts one delivery back, or one event of a delivery.
func (r *restoring) open(o openDelivery) error {
	h, t := r.hook, ticket{o.Seq, o.Repeat}
	if h.open[t] != nil || o.Seq == 0 || o.Repeat < 0 {
		return nil
	}
	s, stored := r.seals[t]
	if !stored {
		if in := r.sealWith(o); in != nil {
			s, stored = *in, true
		} else {
			s = seal{Seqs: []uint64{o.Seq}, Repeat: o.Repeat}
		}
	}
	d, err := r.put(s, stored, stored || o.Repeat > 0 || o.Attempts > 0)
	if err != nil || d == nil {
		return err
	}
	if o.Attempts > 0 {
		d.attempts, d.err = o.Attempts, o.Error
	}
	if o.Since > 0 {
		d.failing(ago(r.now, o.Since))
	}
	return nil
}

// sealWith finds the seal of an event that was noted by itself, before that was made.
func (r *restoring) sealWith(o openDelivery) *seal {
	if o.Repeat > 0 {
		return nil
	}
	for _, s := range r.seals {
		if _, in := slices.BinarySearch(s.Seqs, o.Seq); in && s.Repeat == 0 {
			return &s
		}
	}
	return nil
}

// put makes a delivery of what a seal says, as far as it has been read by then;
// the rest joins when it is read. It returns nil if nothing of it is left.
func (r *restoring) put(s seal, stored, sealed bool) (*delivery, error) {
	h := r.hook
	t := ticket{s.Seqs[len(s.Seqs)-1], s.Repeat}
	delete(r.seals, t)
	d := &delivery{repeat: s.Repeat, sealed: sealed, stored: stored, follows: s.owed, unsure: true}
	var first *alerts.Event
	for _, seq := range s.Seqs {
		if seq > h.read && s.Repeat == 0 {
			h.sealed[seq] = d
			continue
		}
		e, err := readOne(r.log, seq)
		if err != nil {
			return nil, err
		}
		if e == nil {
			e = stillFiring(r.log, r.keys[seq], seq)
		}
		if e == nil {
			continue
		}
		if first == nil {
			first = e
		}
		d.add(seq, e.Key())
		d.bytes += sizeOf(e)
	}
	if first == nil {
		if len(h.sealed) == 0 || h.sealed[t.seq] != d {
			h.stats.GivenUp++ // no longer kept
			h.unseal(d)
			return nil, nil
		}
		return d, nil
	}
	if d.group = h.groupOf(first); d.group != "" && !sealed {
		if with := h.gathering(d.keys[0], d.group); with != nil {
			h.join(with, first, r.now)
			return with, nil
		}
		d.ready = r.now.Add(h.GroupWait)
	}
	for _, t := range d.tickets() {
		h.open[t] = d
	}
	for _, key := range d.keys {
		switch a := h.told[key]; {
		case a == nil || d.repeat == 0:
		case d.follows:
			a.repeats = max(a.repeats, d.repeat)
		default:
			a.again = d
		}
	}
	if r.lane != nil {
		h.line(d, r.lane, r.now)
	} else {
		h.enqueue(d, r.now)
	}
	return d, nil
}

// rest puts back what was sealed after the note was written, and forgets the
// seals of what was closed before.
func (r *restoring) rest() error {
	h := r.hook
	inOrder := slices.SortedFunc(maps.Keys(r.seals), func(a, b ticket) int { return cmp.Or(cmp.Compare(a.seq, b.seq), cmp.Compare(a.repeat, b.repeat)) })
	for _, t := range inOrder {
		s := r.seals[t]
		again := s.owed
		if t.repeat > 0 {
			for _, a := range h.told {
				again = again || a.seq == t.seq && a.repeats < t.repeat
			}
		}
		if !again && (t.repeat > 0 || t.seq <= h.read) {
			h.unseals = append(h.unseals, sealKey(t, s.owed))
			continue
		}
		d, err := r.put(s, true, true)
		if err != nil {
			return fmt.Errorf("read event %d for hook %q: %w: %w", t.seq, h.Name, errUnread, err)
		}
		if d != nil && s.owed {
			h.advance(d) // what happened since may be open already
		}
	}
	return nil
}
