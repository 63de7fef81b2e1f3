package hooks

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"slices"
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
	notes  notes
	flying notes         // those that are being written
	landed chan struct{} // closed when they are, or the disk has refused them
}

// notes are what is to be noted; the newest of a key counts.
type notes map[noteKey]alerts.Note

type noteKey struct{ hook, key string }

func (n notes) forget(hook, key string) {
	n[noteKey{hook, key}] = alerts.Progress{Hook: hook, Key: key}
}

// ordered returns the notes with those of progress last: they say how far the
// others hold.
func (n notes) ordered() []alerts.Note {
	keys := slices.SortedFunc(maps.Keys(n), func(a, b noteKey) int {
		last := func(k noteKey) int {
			if k.key == progressKey {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(last(a), last(b)), cmp.Compare(a.hook, b.hook), cmp.Compare(a.key, b.key))
	})
	list := make([]alerts.Note, len(keys))
	for i, key := range keys {
		list[i] = n[key]
	}
	return list
}

const retryDisk = time.Second

func newScribe(log Log, l *slog.Logger) *scribe {
	return &scribe{log: log, slog: l, wake: make(chan struct{}, 1), notes: make(notes)}
}

// add hands over events, and notes that hold once the events before are written.
func (s *scribe) add(events []alerts.Event, notes notes) {
	if len(events) == 0 && len(notes) == 0 {
		return
	}
	s.mu.Lock()
	s.events = append(s.events, events...)
	maps.Copy(s.notes, notes)
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// seal writes notes at once. What waits to be noted under their keys is of before,
// and dropped; what is being written comes before them.
func (s *scribe) seal(ctx context.Context, seals []alerts.Note) error {
	for wait := s.giveWay(seals); wait != nil; wait = s.giveWay(seals) {
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	_, err := s.log.Append(ctx, nil, seals...)
	return err
}

func (s *scribe) giveWay(seals []alerts.Note) (wait <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range seals {
		p, ok := n.(alerts.Progress)
		if !ok {
			continue
		}
		key := noteKey{p.Hook, p.Key}
		delete(s.notes, key)
		if _, flies := s.flying[key]; flies {
			wait = s.landed
		}
	}
	return wait
}

// ahead brings what the log has noted up to what waits to be: a hook that was taken
// out and is put back must not go on from notes that are about to be forgotten.
func (s *scribe) ahead(stored map[string]map[string][]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, waiting := range []notes{s.flying, s.notes} {
		for key, n := range waiting {
			p, ok := n.(alerts.Progress)
			switch {
			case !ok:
			case p.Data == nil:
				delete(stored[key.hook], key.key)
			case stored[key.hook] == nil:
				stored[key.hook] = map[string][]byte{key.key: p.Data}
			default:
				stored[key.hook][key.key] = p.Data
			}
		}
	}
}

// forget drops what waits to be noted of a hook.
func (s *scribe) forget(hook string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.notes, func(k noteKey, _ alerts.Note) bool { return k.hook == hook })
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
			s.notes = make(map[noteKey]alerts.Note)
			notes = taken.ordered()
			s.flying, s.landed = taken, make(chan struct{})
		}
		s.mu.Unlock()
		if len(events) == 0 && len(notes) == 0 {
			return nil
		}
		// What is delivered must be said even when the daemon is asked to stop.
		done, err := s.log.Append(context.Background(), events, notes...)
		s.mu.Lock()
		s.events = append([]alerts.Event(nil), s.events[len(done):]...)
		if len(notes) > 0 {
			s.flying = nil
			close(s.landed)
		}
		if err != nil && len(notes) > 0 {
			for key, n := range taken {
				if _, newer := s.notes[key]; !newer {
					s.notes[key] = n
				}
			}
		}
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
}
