package hooks

import (
	"errors"
	"maps"
	"sync"
	"time"

	"monitord/alerts"
	"monitord/alerts/journal"
)

// standing is what an Alertmanager is told again and again: every alert of a
// hook that fires, and those that have ended lately. It is a fold of the journal
// with a cursor of its own, so that it is there again after a restart. Use
// newStanding; safe for concurrent use.
type standing struct {
	log Log
	c   compiled

	mu    sync.Mutex // guards the fields below
	read  uint64     // events up to here have been taken
	ended map[string]alerts.Event
	loose map[string]alerts.Event // the last change of an alert that the disk did not take
}

const (
	// endedFor is how long the end of an alert is told again. Prometheus: 15 min.
	endedFor = 15 * time.Minute
	// endedMost bounds the ends that are told again.
	endedMost = 1024
	// endedPages bounds what is read of the journal at a time, a page being
	// pageEvents: after a start, how far back ends are looked for.
	endedPages = 16
)

func newStanding(log Log, c compiled) *standing {
	s := &standing{log: log, c: c, ended: make(map[string]alerts.Event), loose: make(map[string]alerts.Event)}
	if last := log.Last(); last > endedPages*pageEvents {
		s.read = last - endedPages*pageEvents
	}
	return s
}

// announced takes in an event that the disk did not take.
func (s *standing) announced(e *alerts.Event) {
	if e.Kind != alerts.KindFiring && e.Kind != alerts.KindResolved {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.loose[e.Key()]; known || len(s.loose) < maxLoose {
		s.loose[e.Key()] = *e
	}
}

// adopt takes over what only the one before knows.
func (s *standing) adopt(before *standing) {
	before.mu.Lock()
	loose := maps.Clone(before.loose)
	before.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.loose, loose)
}

// now returns the newest state of each alert that is to be told.
func (s *standing) now(now time.Time) []alerts.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readOn(now)
	current, _ := s.log.Current()
	var tell []alerts.Event
	fires := make(map[string]bool) // of another rule, or of this one as it was, the same alert may have ended
	for _, e := range current {
		_, overtaken := s.loose[e.Key()]
		if e.Kind == alerts.KindFiring {
			delete(s.ended, e.Key())
			if !overtaken && s.tells(&e) {
				fires[e.Alert.Fingerprint] = true
				tell = append(tell, e)
			}
		}
	}
	for _, e := range s.loose {
		if s.tells(&e) {
			fires[e.Alert.Fingerprint] = fires[e.Alert.Fingerprint] || e.Kind == alerts.KindFiring
			tell = append(tell, e)
		}
	}
	for key, e := range s.ended {
		if e.Alert.EndsAt.Before(now.Add(-endedFor)) {
			delete(s.ended, key)
			continue
		}
		if _, overtaken := s.loose[key]; !overtaken && !fires[e.Alert.Fingerprint] {
			tell = append(tell, e)
		}
	}
	return tell
}

// tells says whether an alert is told at all. One that is silenced here is not:
// the Alertmanager takes it for ended until it comes again.
func (s *standing) tells(e *alerts.Event) bool {
	return s.c.wants(e) && (e.Kind != alerts.KindFiring || len(e.Alert.SilencedBy) == 0)
}

// readOn takes in what is new in the journal.
func (s *standing) readOn(now time.Time) {
	for range endedPages {
		events, err := s.log.Read(s.read, pageEvents)
		if errors.Is(err, journal.ErrExpired) {
			s.read = max(s.log.First(), s.read+2) - 1
			continue
		}
		if err != nil || len(events) == 0 {
			return // tried again at the next turn: who fires is known without
		}
		for i := range events {
			s.take(&events[i], now)
		}
	}
}

func (s *standing) take(e *alerts.Event, now time.Time) {
	s.read = max(s.read, e.Seq)
	if !e.Kind.Transition() {
		return
	}
	key := e.Key()
	if l, ok := s.loose[key]; ok && (e.T > l.T || e.T == l.T && e.Kind == l.Kind) {
		delete(s.loose, key) // it has its number now, or was left out
	}
	delete(s.ended, key)
	if e.Kind == alerts.KindResolved && s.c.wants(e) && len(s.ended) < endedMost && e.Alert.EndsAt.After(now.Add(-endedFor)) {
		s.ended[key] = *e
	}
}
