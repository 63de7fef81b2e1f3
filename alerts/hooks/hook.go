package hooks

import (
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

	open    map[uint64]*delivery
	loose   map[string]*delivery // deliveries of events without a number, by identity
	lanes   map[string]*lane
	due     lanes
	chore   *chore // nil: it has none
	running int    // attempts, and the chore
	waiting int    // deliveries that are not done

	dirty   bool // progress is worth a note
	noted   uint64
	notedAt time.Time
	stats   HookStats
}

// maxWaiting is how many deliveries of a hook may wait before it reads no
// further: the journal keeps the rest.
const maxWaiting = 16384

// maxLoose bounds the events without a number that a hook knows.
const maxLoose = 1024

func newHook(c compiled) *hook {
	return &hook{
		compiled: c,
		open:     make(map[uint64]*delivery),
		loose:    make(map[string]*delivery),
		lanes:    make(map[string]*lane),
		stats:    HookStats{Name: c.Name, Type: c.Type},
	}
}

// wants says whether this hook delivers an event. One that sends heartbeats
// delivers nothing else: its receiver is to hear one thing only.
func (h *compiled) wants(e *alerts.Event) bool {
	if h.Heartbeat > 0 {
		return false
	}
	switch e.Kind {
	case alerts.KindFiring:
	case alerts.KindResolved:
		if !h.SendResolved {
			return false
		}
	default:
		return false
	}
	return e.Hooks == nil || slices.Contains(e.Hooks, h.Name)
}

// take takes in the next event of the journal. It returns the event that is to
// be journaled if the delivery was made before there was a number.
func (h *hook) take(e *alerts.Event, now time.Time) *alerts.Event {
	h.read = max(h.read, e.Seq)
	if e.Delivery != nil {
		if e.Delivery.Hook == h.Name {
			h.settle(e)
		}
		return nil
	}
	late := h.match(e)
	switch {
	case !h.wants(e):
		return nil
	case late == nil:
		d := &delivery{seq: e.Seq}
		h.open[e.Seq] = d
		h.enqueue(d, e.Key(), now)
		return nil
	}
	late.seq, late.event = e.Seq, nil
	h.open[e.Seq] = late
	if !late.done || late.verdict.Delivery == nil {
		return nil
	}
	verdict := late.verdict
	told := *verdict.Delivery
	told.Of = e.Seq
	verdict.Delivery = &told
	return &verdict
}

// settle closes a delivery of this hook, or notes since when it has failed.
func (h *hook) settle(e *alerts.Event) {
	d := h.open[e.Delivery.Of]
	switch {
	case d == nil:
	case e.Kind == alerts.KindNotified || e.Delivery.GivenUp:
		h.finished(d)
		delete(h.open, d.seq)
	case d.attempts == 0:
		d.attempts, d.since = max(e.Delivery.Attempts, 1), time.UnixMilli(e.T)
	}
}

func (h *hook) finished(d *delivery) {
	if !d.done {
		d.done = true
		h.waiting--
	}
}

func (h *hook) enqueue(d *delivery, key string, now time.Time) {
	l := h.lanes[key]
	if l == nil {
		l = &lane{key: key, due: now, order: d.seq}
		h.lanes[key] = l
	}
	d.lane = l
	l.queue = append(l.queue, d)
	if len(l.queue) == 1 && !l.running {
		h.due.add(l)
	}
	h.waiting++
}

// next returns a delivery to attempt now, nil if there is none or no room.
func (h *hook) next(now time.Time) *delivery {
	for h.read >= h.target && h.running < h.Concurrency && len(h.due) > 0 {
		l := h.due[0]
		d := l.head()
		if d == nil {
			h.due.first()
			delete(h.lanes, l.key)
			continue
		}
		if l.due.After(now) {
			return nil
		}
		h.due.first()
		l.running = true
		h.running++
		return d
	}
	return nil
}

// wake is when next may have something again, if nothing else happens.
func (h *hook) wake() (time.Time, bool) {
	if h.read < h.target || h.running >= h.Concurrency || len(h.due) == 0 {
		return time.Time{}, false
	}
	return h.due[0].due, true
}

// finish takes in the result of an attempt and returns what is to be journaled.
func (h *hook) finish(res result, now time.Time) *alerts.Event {
	d := res.d
	h.running--
	d.lane.running = false
	wait, event := h.apply(res, now)
	l := d.lane
	if l.head() == nil {
		delete(h.lanes, l.key)
		return event
	}
	l.due = now.Add(wait)
	h.due.add(l)
	return event
}

// apply returns how long the lane waits, and what is to be journaled.
func (h *hook) apply(res result, now time.Time) (time.Duration, *alerts.Event) {
	d := res.d
	switch {
	case res.aborted:
		return 0, nil
	case res.unread:
		return retryMin, nil
	case res.gone:
		h.finished(d)
		delete(h.open, d.seq)
		h.stats.GivenUp++
		return 0, nil
	}
	d.attempts++
	h.stats.LastDuration = res.took
	if res.err == nil {
		h.stats.Delivered++
		h.stats.LastSuccess = now
		h.finished(d)
		return 0, h.verdict(res, now, alerts.Delivery{})
	}
	h.stats.Failed++
	h.stats.LastError, h.stats.LastFailure = res.err.Error(), now
	first := d.since.IsZero()
	if first {
		d.since = now
	}
	left := h.GiveUp - now.Sub(d.since)
	if res.permanent || left <= 0 {
		h.stats.GivenUp++
		h.finished(d)
		return 0, h.verdict(res, now, alerts.Delivery{Error: res.err.Error(), GivenUp: true})
	}
	wait := min(max(backoff(d.attempts), res.retryAfter), max(left, retryMin))
	if first {
		return wait, h.verdict(res, now, alerts.Delivery{Error: res.err.Error()})
	}
	return wait, nil
}

// verdict makes the event that says what became of a delivery. That of an event
// without a number is kept until it has one.
func (h *hook) verdict(res result, now time.Time, told alerts.Delivery) *alerts.Event {
	d := res.d
	told.Hook, told.Of, told.Attempts = h.Name, d.seq, d.attempts
	e := alerts.Event{
		T:        now.UnixMilli(),
		Kind:     alerts.KindNotified,
		Rule:     res.event.Rule,
		Alert:    res.event.Alert,
		Hooks:    res.event.Hooks,
		Delivery: &told,
	}
	if told.Error != "" {
		e.Kind = alerts.KindNotifyFailed
	}
	h.dirty = true
	if d.seq == 0 {
		d.verdict = e
		return nil
	}
	return &e
}

// identity tells events apart that have no number.
func identity(e *alerts.Event) string { return fmt.Sprintf("%s %d %s", e.Key(), e.T, e.Kind) }

// announced takes in an event that the disk did not take.
func (h *hook) announced(e *alerts.Event, now time.Time) {
	if h.chore != nil && h.chore.standing != nil {
		h.chore.standing.announced(e)
	}
	if !h.wants(e) {
		return
	}
	id := identity(e)
	if h.loose[id] != nil {
		return
	}
	if len(h.loose) >= maxLoose {
		h.stats.Skipped++
		return
	}
	d := &delivery{event: e}
	h.loose[id] = d
	h.enqueue(d, e.Key(), now)
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
