package feed

import (
	"context"
	"errors"
	"slices"
	"time"

	"monitord/alerts"
	"monitord/alerts/journal"
	"monitord/stream"
	"monitord/stream/wire"
)

const (
	readEvents = 256              // from the journal at once
	beatAfter  = 10 * time.Second // how long the journal may move past a topic in silence
	housekeep  = time.Second
)

// Run follows the journal and tells the subscribers until ctx ends.
func (f *Feed) Run(ctx context.Context) error {
	ticker := time.NewTicker(housekeep)
	defer ticker.Stop()
	healthy := true
	for {
		changed := f.o.Alerts.Changed() // before reading, so that nothing is missed
		err := f.follow(ctx)
		if err != nil && healthy && ctx.Err() == nil {
			f.log.Error("reading the alert journal for subscribers failed, it is tried again every second", "err", err)
		}
		if healthy = err == nil; !healthy {
			changed = nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		case now := <-ticker.C:
			f.beat(now)
			f.sweep(wire.KindAlerts, now, linger)
		}
	}
}

// follow tells what has been appended to the journal since the last time. It may
// be called by several goroutines.
func (f *Feed) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		f.mu.Lock()
		seq := f.seq
		f.mu.Unlock()
		last := f.o.Alerts.Last()
		if last <= seq {
			return nil
		}
		events, err := f.o.Alerts.Read(seq, readEvents)
		switch {
		case errors.Is(err, journal.ErrExpired):
			f.lose(seq, max(seq+1, f.o.Alerts.First()))
		case err != nil:
			return err
		case len(events) == 0: // records that nobody can understand any more
			f.tell(seq, nil, last)
		default:
			f.tell(seq, events, events[len(events)-1].Seq)
		}
	}
	return nil
}

// tell publishes the events from one number to another to whom they match. Where
// numbers are missing the journal cannot be read: what it said is not known, so all
// are told that.
func (f *Feed) tell(after uint64, events []alerts.Event, seq uint64) {
	f.telling.Lock()
	defer f.telling.Unlock()
	live, ok := f.passOn(after, seq)
	if !ok {
		return
	}
	var items []stream.Item
	now := time.Now()
	for _, tp := range live {
		before := after
		for i := range events {
			e := &events[i]
			if e.Seq > before+1 {
				items = append(items, entryAt(tp, eventPosition(e.Seq-1), tp.alerts.gap(before, e.Seq, wire.Expired)))
				tp.alerts.told = e.Seq - 1
			}
			before = e.Seq
			if m := tp.alerts.message(e); m != nil {
				items = append(items, entryAt(tp, eventPosition(e.Seq), m))
				tp.alerts.told = e.Seq
			}
		}
		if before < seq {
			items = append(items, entryAt(tp, eventPosition(seq), tp.alerts.gap(before, seq+1, wire.Expired)))
			tp.alerts.told = seq
		}
		tp.alerts.watch(seq, now)
	}
	f.complete(items, eventPosition(seq))
}

// passOn moves on from one number to another and returns who is to be told; false
// if somebody else has.
func (f *Feed) passOn(after, seq uint64) ([]*topic, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.seq != after {
		return nil, false
	}
	f.seq, f.extra, f.loose.at = seq, 0, nil
	return f.liveLocked(wire.KindAlerts), true
}

// lose says that events went before they were told.
func (f *Feed) lose(after, next uint64) {
	f.telling.Lock()
	defer f.telling.Unlock()
	live, ok := f.passOn(after, next-1)
	if !ok {
		return
	}
	var items []stream.Item
	for _, tp := range live {
		items = append(items, entryAt(tp, eventPosition(next-1), tp.alerts.gap(after, next, wire.Expired)))
		tp.alerts.told, tp.alerts.behind = next-1, time.Time{}
	}
	f.complete(items, eventPosition(next-1))
}

// Events announces events that the journal could not take yet: they are marked as
// not durable and have no number. Durable ones need not be given: they are read
// from the journal.
func (f *Feed) Events(events []alerts.Event) {
	first := slices.IndexFunc(events, func(e alerts.Event) bool { return !e.Durable })
	if first < 0 {
		return
	}
	_ = f.follow(context.Background()) // what has a number comes first; Run says what is wrong
	events = append(f.again(&events[first]), events[first:]...)
	f.telling.Lock()
	defer f.telling.Unlock()
	var items []stream.Item
	var at int64
	for i := range events {
		e := &events[i]
		if e.Durable {
			continue
		}
		f.mu.Lock()
		pos, ok := f.extraPositionLocked()
		f.loose.add(e.Announced, pos, ok)
		live := f.liveLocked(wire.KindAlerts)
		f.mu.Unlock()
		if !ok {
			f.count.unannounced.Add(1)
			continue
		}
		at = pos
		for _, tp := range live {
			if m := tp.alerts.message(e); m != nil {
				items = append(items, entryAt(tp, pos, m))
			}
		}
	}
	if at > 0 {
		f.complete(items, at)
	}
}

// beat tells the topics that the journal has moved past how far it has.
func (f *Feed) beat(now time.Time) {
	f.telling.Lock()
	defer f.telling.Unlock()
	f.mu.Lock()
	seq := f.seq
	live := f.liveLocked(wire.KindAlerts)
	f.mu.Unlock()
	var items []stream.Item
	var at int64
	for _, tp := range live {
		if !tp.alerts.silentFor(now, beatAfter) {
			continue
		}
		f.mu.Lock()
		pos, ok := f.extraPositionLocked()
		f.mu.Unlock()
		if !ok {
			break
		}
		at = pos
		items = append(items, entryAt(tp, pos, tp.alerts.heartbeat(seq)))
		tp.alerts.told, tp.alerts.behind = seq, time.Time{}
	}
	if len(items) > 0 {
		f.complete(items, at)
	}
}

// complete publishes what is told of the journal up to a position.
func (f *Feed) complete(items []stream.Item, at int64) {
	f.marks.complete(items, func(m *mark) { m.alerts = max(m.alerts, at) })
}

// extraPositionLocked returns a position after the newest event for something
// that has no number; false when there were very many since.
func (f *Feed) extraPositionLocked() (int64, bool) {
	if f.extra+1 >= 1<<positionBits {
		return 0, false // beyond are the positions of the next event
	}
	f.extra++
	return eventPosition(f.seq) + f.extra, true
}

func entryAt(tp *topic, pos int64, message []byte) stream.Item {
	return stream.Item{Topic: tp.topic, Entry: stream.Entry{Pos: pos, Messages: [][]byte{message}}}
}
