package client

import (
	"errors"
	"time"

	"github.com/gobwas/ws"

	"monitord/stream/wire"
)

// An Item is what Run hands over: a message, or that the connection was lost. A
// [wire.Pong] says that every subscription has been answered, and every picture
// handed over.
type Item struct {
	// ID of the subscription that the message belongs to; empty for hello,
	// heartbeats of the connection and Lost.
	ID string
	// Message is nil if Lost is not.
	Message wire.Message
	// Columns name the values of a [wire.Samples], in their order. They are
	// shared with later items and must not be changed.
	Columns []wire.Labels
	// Raw is the message as it came.
	Raw []byte
	// Lost is why the connection ended, or could not be made again; the next
	// attempt is made after Retry.
	Lost  error
	Retry time.Duration
}

// columns are the newest series of a subscription.
type columns struct {
	rev    uint64
	series []wire.Labels
}

// session is what is known of the server on one connection.
type session struct {
	tracks  map[string]*track // by id
	hello   wire.Hello
	subs    map[uint32]*track
	columns map[uint32]columns
	setBack bool // the server's clock, while some subscription was away
	handle  func(Item) error
}

// errSetBack ends a connection on which all has been answered, so that the next one
// asks anew.
var errSetBack = errors.New("the server's clock was set back: what it has from there on is asked for")

var errNoColumns = &protocolError{ws.StatusInvalidFramePayloadData, "samples without their series"}

// take accounts for one message and hands it over if it is new.
func (s *session) take(m wire.Message, raw []byte) error {
	item := Item{Message: m, Raw: raw}
	switch m := m.(type) {
	case *wire.Hello:
		s.hello = *m
	case *wire.Subscribed:
		item.ID = m.ID
		if t := s.tracks[m.ID]; t != nil && len(s.subs) < len(s.tracks) {
			s.subs[m.Sub] = t
			s.setBack = !t.subscribed(m, s.hello) || s.setBack
		}
	case *wire.Pong:
		for _, t := range s.subs {
			if err := s.completePicture(t); err != nil {
				return err
			}
		}
		if s.setBack {
			return errSetBack
		}
	case *wire.Error:
		if item.ID = m.ID; m.Sub != 0 {
			return s.ofSubscription(m.Sub, item)
		}
	case *wire.Series:
		if s.subs[m.Sub] != nil {
			s.columns[m.Sub] = columns{m.Rev, m.Series}
		}
		return s.ofSubscription(m.Sub, item)
	case *wire.Samples:
		return s.samples(m, item)
	case *wire.Event:
		return s.event(m, item)
	case *wire.Gap:
		return s.gap(m, item)
	case *wire.Heartbeat:
		return s.heartbeat(m, item)
	}
	return s.handle(item)
}

// ofSubscription hands over a message of a subscription. Messages of a number
// that nobody asked for are none of ours.
func (s *session) ofSubscription(sub uint32, item Item) error {
	t := s.subs[sub]
	if t == nil {
		return nil
	}
	item.ID = t.request.ID
	return s.handle(item)
}

func (s *session) samples(m *wire.Samples, item Item) error {
	t := s.subs[m.Sub]
	if t == nil {
		return nil
	}
	c, known := s.columns[m.Sub]
	if !known || c.rev != m.Rev || len(c.series) != len(m.V) {
		return errNoColumns
	}
	if !t.samples(m.T) {
		return nil
	}
	item.Columns = c.series
	return s.ofSubscription(m.Sub, item)
}

func (s *session) event(m *wire.Event, item Item) error {
	t := s.subs[m.Sub]
	if t == nil {
		return nil
	}
	item.ID = t.request.ID
	if m.Current {
		if t.hold(item) {
			return nil
		}
		return s.handle(item)
	}
	if err := s.completePicture(t); err != nil {
		return err
	}
	if !t.event(m.Seq, s.hello.Epoch) {
		return nil
	}
	return s.handle(item)
}

func (s *session) gap(m *wire.Gap, item Item) error {
	t := s.subs[m.Sub]
	if t == nil {
		return nil
	}
	if err := s.completePicture(t); err != nil {
		return err
	}
	t.gap(m, s.hello.Epoch)
	return s.ofSubscription(m.Sub, item)
}

func (s *session) heartbeat(m *wire.Heartbeat, item Item) error {
	t := s.subs[m.Sub]
	if m.Sub == 0 || t == nil {
		return s.handle(item)
	}
	if err := s.completePicture(t); err != nil {
		return err
	}
	if t.request.Kind == wire.KindAlerts {
		t.reached(m.Seq, s.hello.Epoch)
	}
	return s.ofSubscription(m.Sub, item)
}

func (s *session) completePicture(t *track) error {
	for _, item := range t.complete() {
		if err := s.handle(item); err != nil {
			return err
		}
	}
	return nil
}
