package feed

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"monitord/alerts"
	"monitord/alerts/journal"
	"monitord/history"
	"monitord/stream"
	"monitord/stream/wire"
)

// A matched is the events of the alerts that matchers match.
type matched struct {
	feed     *Feed
	sub      uint32
	matchers history.Selector

	// Guarded by the feed's telling.
	told   uint64    // the newest number that followers know to have been passed
	behind time.Time // since when the journal is further on; zero: it is not
}

// watch notes whether the journal has moved past the topic without a word.
func (m *matched) watch(seq uint64, now time.Time) {
	if m.told >= seq {
		m.behind = time.Time{}
	} else if m.behind.IsZero() {
		m.behind = now
	}
}

func (m *matched) silentFor(now time.Time, d time.Duration) bool {
	return !m.behind.IsZero() && now.Sub(m.behind) >= d
}

// Positions of events leave room between two numbers for what has none.
const positionBits = 16

func eventPosition(seq uint64) int64 { return int64(seq << positionBits) }
func eventNumber(pos int64) uint64   { return uint64(max(pos, 0)) >> positionBits }

// message returns the message of an event, nil if it does not match.
func (m *matched) message(e *alerts.Event) []byte {
	if !m.matchers.Matches(e.Alert.Labels) {
		return nil
	}
	w := wireEvent(e)
	w.Sub = m.sub
	return w.AppendJSON(make([]byte, 0, 512))
}

func (m *matched) gap(after, next uint64, reason wire.Reason) []byte {
	return (&wire.Gap{Sub: m.sub, After: after, Next: next, Reason: reason}).AppendJSON(nil)
}

func (m *matched) heartbeat(seq uint64) []byte {
	return (&wire.Heartbeat{Sub: m.sub, T: time.Now().UnixMilli(), Seq: seq}).AppendJSON(nil)
}

// wireEvent returns the public form of an event, without a sub.
func wireEvent(e *alerts.Event) wire.Event {
	a := &e.Alert
	w := wire.Event{
		Seq: e.Seq, T: e.T, Event: string(e.Kind), NotDurable: !e.Durable,
		Alert: wire.Alert{
			Fingerprint: a.Fingerprint, State: publicState(a),
			Labels: wireLabels(a.Labels), Annotations: wire.LabelsOf(a.Annotations), Value: a.Value,
			ActiveAt: a.ActiveAt, StartsAt: a.StartsAt, EndsAt: a.EndsAt,
			GeneratorURL: a.GeneratorURL, SilencedBy: a.SilencedBy, Flapping: a.Flapping, Stale: a.Stale, Evidence: wireEvidence(a.Evidence),
		},
	}
	if d := e.Delivery; d != nil {
		w.Delivery = &wire.Delivery{Hook: d.Hook, Of: d.Of, With: d.With, Repeat: d.Repeat, Attempts: d.Attempts, Error: clip(d.Error), GivenUp: d.GivenUp}
	}
	return w
}

func wireEvidence(e *alerts.Evidence) *wire.Evidence {
	if e == nil {
		return nil
	}
	out := &wire.Evidence{Values: make([]wire.Sample, len(e.Values))}
	for i, v := range e.Values {
		out.Values[i] = wire.Sample(v)
	}
	return out
}

// publicState tells an alert that fired and ended from one that never fired.
func publicState(a *alerts.Alert) string {
	if a.State == alerts.PhaseInactive && !a.StartsAt.IsZero() {
		return "resolved"
	}
	return string(a.State)
}

// Page returns events from the journal. A page that ends with events that do not
// match says how far it has come.
func (m *matched) Page(ctx context.Context, after int64) (stream.Page, error) {
	p, err := m.page(ctx, after)
	if err != nil || len(p.messages) == 0 {
		return stream.Page{Next: after}, err
	}
	return stream.Page{Messages: p.messages, Next: p.to}, nil
}

// page returns a page without messages if there is nothing after the position.
func (m *matched) page(ctx context.Context, after int64) (page, error) {
	seq := eventNumber(after)
	last := m.feed.o.Alerts.Last()
	if seq >= last {
		p, now := m.loosePage(after)
		if now <= seq {
			return p, nil
		}
		last = now
	}
	k := pageKey{sub: m.sub, from: int64(seq), to: int64(last)}
	p, err := m.feed.pages.get(ctx, k, func(context.Context) (page, error) { return m.replay(seq, last) })
	if err != nil {
		return page{}, fmt.Errorf("replay alerts after %d: %w", seq, err)
	}
	return p, nil
}

func (m *matched) replay(seq, last uint64) (page, error) {
	var p page
	events, err := m.feed.o.Alerts.Read(seq, readEvents)
	if errors.Is(err, journal.ErrExpired) {
		next := max(seq+1, m.feed.o.Alerts.First())
		p.add(m.gap(seq, next, wire.Expired), eventPosition(next-1))
		p.to = eventPosition(next - 1)
		return p, nil
	}
	if err != nil {
		return page{}, err
	}
	p.to = eventPosition(last)
	told, bytes, before := true, 0, seq
	for i := range events {
		if e := &events[i]; e.Seq > before+1 { // the journal cannot be read there
			p.add(m.gap(before, e.Seq, wire.Expired), eventPosition(before+1))
		}
		before = events[i].Seq
		p.to = eventPosition(before)
		message := m.message(&events[i])
		if told = message != nil; told {
			p.add(message, p.to)
			if bytes += len(message); bytes >= pageBytes {
				break
			}
		}
	}
	switch {
	case len(events) == 0:
		p.add(m.gap(seq, last+1, wire.Expired), eventPosition(seq+1))
	case !told:
		p.add(m.heartbeat(eventNumber(p.to)), p.to)
	}
	return p, nil
}

// Skipped is never needed: the topic does not skip.
func (m *matched) Skipped(int64, int64) [][]byte { return nil }

// alertsTopic returns the topic of a request for alerts, pinned.
func (f *Feed) alertsTopic(ctx context.Context, v visit, r *wire.Request) (*topic, *wire.Error) {
	sel, err := history.ParseSelector(r.Expr)
	if err != nil {
		return nil, &wire.Error{Code: wire.BadSelector, Message: clip(err.Error())}
	}
	if c := sel.Canonical(); strings.HasPrefix(c, "{__name__") || strings.Contains(c, ",__name__") {
		return nil, &wire.Error{Code: wire.BadSelector, Message: `alerts have no metric name: match labels, as in {alertname="DiskFull"}`}
	}
	return f.acquire(ctx, v.client, key{kind: wire.KindAlerts, expr: sel.Canonical()}, func(_ context.Context, tp *topic) {
		m := &matched{feed: f, matchers: sel}
		f.mu.Lock()
		defer f.mu.Unlock()
		tp.topic = f.engine.NewTopic(stream.TopicOptions{Source: m, Start: eventPosition(f.seq) + f.extra})
		m.sub, m.told = tp.topic.ID(), f.seq
		tp.alerts, tp.live = m, true
	})
}

// beginAlerts answers a subscription to alerts.
func (f *Feed) beginAlerts(ctx context.Context, tp *topic, r *wire.Request, from *cursor) (head [][]byte, after int64) {
	m := tp.alerts
	if from != nil {
		resumed := *r
		resumed.HasAfter, resumed.After, resumed.Epoch = true, from.seq, from.epoch
		r = &resumed
	}
	if !r.HasAfter {
		return f.current(ctx, m, r)
	}
	log := f.o.Alerts
	first, last := log.First(), log.Last()
	subscribed := wire.Subscribed{ID: r.ID, Sub: m.sub, Alerts: true, Seq: last}
	head = append(head, subscribed.AppendJSON(nil))
	begin := r.After
	switch {
	case r.After > last || r.Epoch != "" && r.Epoch != log.Epoch():
		head = append(head, m.gap(r.After, first, wire.Lost))
		begin = first - 1
	case r.After == 0:
		begin = first - 1 // everything kept: what is not kept is not missed
	}
	if from != nil && from.run == f.run && from.seq == begin {
		return head, eventPosition(begin) + from.extra
	}
	return head, eventPosition(begin)
}

// current begins with the picture of what is pending or firing, and ends that
// with a heartbeat: whoever has got it may resume from there.
func (f *Feed) current(ctx context.Context, m *matched, r *wire.Request) (head [][]byte, after int64) {
	active, seq, after := f.picture(ctx)
	subscribed := wire.Subscribed{ID: r.ID, Sub: m.sub, Alerts: true, Seq: seq}
	head = append(head, subscribed.AppendJSON(nil))
	for i := range active {
		if !m.matchers.Matches(active[i].Alert.Labels) {
			continue
		}
		w := wireEvent(&active[i])
		w.Sub, w.Current = m.sub, true
		w.Alert.Stale = f.o.Stale != nil && f.o.Stale(active[i].Rule, w.Alert.Fingerprint)
		head = append(head, w.AppendJSON(nil))
	}
	return append(head, m.heartbeat(seq)), after
}
