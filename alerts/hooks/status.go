package hooks

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
)

// Status is what there is to know about a hook. It holds no secret. Counts are
// since the start.
type Status struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Target string `json:"target"` // where to, without what may be secret
	// State is ok, waiting (deliveries do), failing (the last attempt at one of
	// them failed, or the last of all, which was given up) or limited
	// (max_per_minute holds them back).
	State string `json:"state"`

	Delivered uint64 `json:"delivered"`
	Failed    uint64 `json:"failedAttempts"`
	GivenUp   uint64 `json:"givenUp"`
	Delayed   uint64 `json:"delayed"`
	Skipped   uint64 `json:"skipped"`
	Running   int    `json:"running"`
	Firing    int    `json:"firing"` // alerts that fire and were delivered, or are to be

	Heartbeats *Heartbeats `json:"heartbeats,omitempty"` // of a hook that sends them, and delivers nothing else

	LastSuccess  *time.Time `json:"lastSuccess,omitempty"`
	LastFailure  *time.Time `json:"lastFailure,omitempty"`
	LastError    string     `json:"lastError,omitempty"`
	LastDuration float64    `json:"lastDurationSeconds"`

	// Waiting and Dead are those that are due first and those given up last, as
	// many as were asked for of WaitingTotal and DeadTotal.
	WaitingTotal int          `json:"waitingTotal"`
	Waiting      []Waiting    `json:"waiting"`
	DeadTotal    int          `json:"deadLettersTotal"`
	Dead         []DeadLetter `json:"deadLetters"`
}

// Heartbeats is how those of a hook go.
type Heartbeats struct {
	Sent   uint64     `json:"sent"`
	Failed uint64     `json:"failed"` // not taken, or not sent since not all was well
	Last   *time.Time `json:"last,omitempty"`
	Next   *time.Time `json:"next,omitempty"` // absent while one is being sent
}

// Content is what a delivery delivers.
type Content struct {
	Seq    uint64            `json:"seq"`              // of its event, the newest if there are several; 0: none yet
	Key    string            `json:"idempotencyKey"`   // each attempt's
	Repeat int               `json:"repeat,omitempty"` // the how manieth time that it is said again
	Events int               `json:"events"`
	Status string            `json:"status"` // firing, resolved: of the newest event
	Labels map[string]string `json:"labels"` // of its alert; absent when the event is no longer kept
	At     *time.Time        `json:"at,omitempty"`
}

// Waiting is a delivery that is neither made nor given up.
type Waiting struct {
	Content
	Attempts int        `json:"attempts"`
	Failing  *time.Time `json:"failingSince,omitempty"`
	Error    string     `json:"lastError,omitempty"` // of the last attempt
	Running  bool       `json:"running,omitempty"`
	Next     *time.Time `json:"nextTry,omitempty"` // absent behind another of its alert or group
}

// DeadLetter is a delivery that was given up.
type DeadLetter struct {
	Content
	Attempts int       `json:"attempts"`
	Error    string    `json:"error"`
	GivenUp  time.Time `json:"givenUpAt"`

	event uint64
}

// Few is how many deliveries of a hook a list of all hooks has at most; fewAll is
// how many of all of them, though one of each.
const (
	Few    = 100
	fewAll = 2000
)

// List returns the hooks in the order of the configuration with a few of their
// deliveries or, with a name, that hook with all of them.
func (r *Runner) List(ctx context.Context, name string) ([]Status, error) {
	var list []Status
	now := time.Now()
	err := r.ask(ctx, func() {
		few := max(1, min(Few, fewAll/max(1, len(r.hooks))))
		for _, h := range r.hooks {
			switch name {
			case "":
				list = append(list, h.status(r.origin, now, few))
			case h.Name:
				list = append(list, h.status(r.origin, now, maxWaiting))
			}
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list hooks: %w", err)
	}
	if name != "" && len(list) == 0 {
		return nil, noHook(name)
	}
	// What is delivered is read from the journal by the caller, not by the
	// goroutine that delivers.
	for i := range list {
		s := &list[i]
		for k := range s.Waiting {
			s.Waiting[k].describe(r.log)
		}
		for k := range s.Dead {
			s.Dead[k].read(r.log)
		}
	}
	return list, nil
}

func (h *hook) status(o message.Origin, now time.Time, most int) Status {
	s := Status{
		Name: h.Name, Type: h.Type, Target: h.sender.Target(), State: h.state(now),
		Delivered: h.stats.Delivered, Failed: h.stats.Failed, GivenUp: h.stats.GivenUp, Delayed: h.stats.Delayed, Skipped: h.stats.Skipped,
		Running: h.running, Firing: len(h.told),
		LastSuccess: stamp(h.stats.LastSuccess), LastFailure: stamp(h.stats.LastFailure), LastError: h.stats.LastError,
		LastDuration: h.stats.LastDuration.Seconds(),
		WaitingTotal: h.waiting, Waiting: []Waiting{}, Dead: []DeadLetter{},
	}
	if h.Heartbeat > 0 && h.chore != nil {
		s.Heartbeats = &Heartbeats{Sent: h.stats.Chores, Failed: h.stats.ChoresFailed, Last: stamp(h.stats.LastChore)}
		if due, ok := h.chore.wake(); ok {
			s.Heartbeats.Next = stamp(due)
		}
	}
	for _, d := range h.outstanding() {
		if len(s.Waiting) == most {
			break
		}
		w := Waiting{
			Content:  Content{Seq: d.of(), Key: o.Key(h.Name, d.of(), d.repeat), Repeat: d.repeat, Events: len(d.seqs), Status: "firing"},
			Attempts: d.attempts, Failing: stamp(d.since), Error: d.err, Running: d.running,
		}
		if d.event != nil {
			w.Key = ""
			w.fill(d.event)
		}
		if d.lane.head() == d && !d.running {
			next := later(later(d.lane.due, d.ready), h.rate.free())
			w.Next = stamp(later(next, now))
		}
		s.Waiting = append(s.Waiting, w)
	}
	for _, l := range slices.Backward(h.dead) {
		if h.open[l.ticket] != nil {
			continue // being retried
		}
		if s.DeadTotal++; len(s.Dead) < most {
			c := Content{Seq: l.ticket.seq, Key: o.Key(h.Name, l.ticket.seq, l.ticket.repeat), Repeat: l.ticket.repeat}
			s.Dead = append(s.Dead, DeadLetter{Content: c, event: l.event})
		}
	}
	return s
}

// outstanding are the deliveries that wait, those due first before others.
func (h *hook) outstanding() []*delivery {
	seen := make(map[*delivery]bool, h.waiting)
	var all []*delivery
	add := func(d *delivery) {
		if !d.done && !seen[d] {
			seen[d] = true
			all = append(all, d)
		}
	}
	for _, d := range h.open {
		add(d)
	}
	for _, d := range h.loose {
		add(d)
	}
	slices.SortFunc(all, func(a, b *delivery) int {
		return cmp.Or(a.lane.due.Compare(b.lane.due), cmp.Compare(a.of(), b.of()), cmp.Compare(a.repeat, b.repeat))
	})
	return all
}

func (h *hook) state(now time.Time) string {
	for _, d := range h.open {
		if d.attempts > 0 && !d.done {
			return "failing"
		}
	}
	switch {
	case h.chore != nil && h.chore.failing, h.stats.LastFailure.After(h.stats.LastSuccess):
		return "failing"
	case h.waiting > 0 && h.rate.free().After(now):
		return "limited"
	case h.waiting > 0:
		return "waiting"
	}
	return "ok"
}

func stamp(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Round(0) // without the monotonic clock's reading
	return &t
}

func (c *Content) fill(e *alerts.Event) {
	c.Status = message.Status(e)
	c.Labels = e.Alert.Labels.Map()
	c.At = stamp(time.UnixMilli(e.T))
}

// describe reads what is delivered, if it is still kept.
func (c *Content) describe(log Log) {
	if e, err := readOne(log, c.Seq); err == nil && e != nil {
		c.fill(e)
	}
}

// read fills in what the journal says, if it still does.
func (l *DeadLetter) read(log Log) {
	e, err := readOne(log, l.event)
	if err != nil || e == nil || e.Delivery == nil {
		return
	}
	l.Labels, l.Status = e.Alert.Labels.Map(), "firing"
	if e.Alert.State == alerts.PhaseInactive {
		l.Status = "resolved"
	}
	l.Events, l.Attempts, l.Error = 1+len(e.Delivery.With), e.Delivery.Attempts, e.Delivery.Error
	l.GivenUp = time.UnixMilli(e.T).UTC()
}
