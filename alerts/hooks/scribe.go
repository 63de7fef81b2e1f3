package hooks

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"monitord/alerts"
)

// scribe writes to the journal for the runner, so that no delivery waits for a
// disk. What the disk refuses is tried again every second. How much waits is
// bounded by what is open: a few events a delivery, and a note a hook. Use
// newScribe; add is safe for concurrent use.
type scribe struct {
	log  Log
	slog *slog.Logger
	wake chan struct{} // holds one

	mu     sync.Mutex // guards the fields below
	events []alerts.Event
	notes  map[string]alerts.Note // by hook; the newest counts
}

const retryDisk = time.Second

func newScribe(log Log, l *slog.Logger) *scribe {
	return &scribe{log: log, slog: l, wake: make(chan struct{}, 1), notes: make(map[string]alerts.Note)}
}

// add hands over events, and notes that hold once the events before are written.
func (s *scribe) add(events []alerts.Event, notes map[string]alerts.Note) {
	if len(events) == 0 && len(notes) == 0 {
		return
	}
	s.mu.Lock()
	s.events = append(s.events, events...)
	for hook, n := range notes {
		s.notes[hook] = n
	}
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run writes until the context ends; then it tries once more.
func (s *scribe) run(ctx context.Context) {
	refused := false
	for {
		err := s.write()
		if err != nil && !refused {
			s.slog.Error("what the hooks have done cannot be journaled; it is tried again", "err", err)
		}
		refused = err != nil
		var retry <-chan time.Time
		if refused {
			retry = time.After(retryDisk)
		}
		select {
		case <-ctx.Done():
			if err := s.write(); err != nil {
				s.slog.Error("what the hooks have done last is not journaled; it is delivered again", "err", err)
			}
			return
		case <-s.wake:
		case <-retry:
		}
	}
}

// writeAtOnce bounds the events of one append.
const writeAtOnce = 512

// write writes all there is. What fails stays, in order.
func (s *scribe) write() error {
	for {
		s.mu.Lock()
		events := s.events[:min(len(s.events), writeAtOnce)]
		rest := len(s.events) > len(events)
		var notes []alerts.Note
		taken := s.notes
		if !rest && len(taken) > 0 {
			s.notes = make(map[string]alerts.Note)
			for _, n := range taken {
				notes = append(notes, n)
			}
		}
		s.mu.Unlock()
		if len(events) == 0 && len(notes) == 0 {
			return nil
		}
		// What is delivered must be said even when the daemon is asked to stop.
		done, err := s.log.Append(context.Background(), events, notes...)
		s.mu.Lock()
		s.events = append([]alerts.Event(nil), s.events[len(done):]...)
		if err != nil && len(notes) > 0 {
			for hook, n := range taken {
				if _, newer := s.notes[hook]; !newer {
					s.notes[hook] = n
				}
			}
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}
