package alerts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"monitord/alerts/journal"
)

// Journal is what a Log stands on: a *journal.Journal.
type Journal interface {
	Append(recs []journal.Record) (int, error)
	Read(after uint64, limit int) ([]journal.Record, error)
	Fold(fn func(journal.Record) error) error
	Snapshot(parts [][]byte, t int64) error
	SinceSnapshot() int64
	Tend() error
	Epoch() string
	First() uint64
	Last() uint64
}

// snapshotAfter is how many bytes may follow a snapshot before the next one: what
// a start reads at most, about, and what keeps old segments from being dropped.
const snapshotAfter = 2 << 20

// snapshotAgain is how many bytes follow one that failed before it is tried again.
const snapshotAgain = snapshotAfter / 8

// A Log is the journal in this package's terms: events with their numbers, and
// the state that they add up to. Use OpenLog. It is safe for concurrent use.
// Whoever opened the journal closes it, when nobody uses the Log any more.
type Log struct {
	journal Journal
	log     *slog.Logger

	unreadable atomic.Uint64 // records whose checksum held and whose content did not

	// writing is held over a write to the disk, so that the fold and the tail
	// follow in the order of the numbers. It guards the field below.
	writing  sync.Mutex
	snapshot int64 // bytes since the last snapshot from which on the next one is written

	mu      sync.Mutex // guards the fields below; never held over a write
	fold    *fold
	tail    tail
	loose   []Event       // announced and without a number yet, by Announced; the backlog's own
	changed chan struct{} // closed at the next change
}

// OpenLog reads the journal from its newest snapshot on.
func OpenLog(j Journal, log *slog.Logger) (*Log, error) {
	l := &Log{journal: j, log: log, fold: newFold(), changed: make(chan struct{}), snapshot: snapshotAfter}
	err := j.Fold(func(r journal.Record) error {
		if err := l.foldRecord(r); err != nil {
			l.skipped(r.Seq, err)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the alert journal: %w", err)
	}
	l.fold.seq = j.Last()
	return l, nil
}

// foldRecord takes one record of the start into the fold. The records of a
// snapshot hold several notes, a line each.
func (l *Log) foldRecord(r journal.Record) error {
	if r.Kind == journal.Event {
		e, err := decodeEvent(r.Data)
		if err != nil {
			return err
		}
		e.Seq = r.Seq
		l.fold.event(e)
		return nil
	}
	var faults []error
	for line := range bytes.Lines(r.Data) {
		n, err := decodeNote(line)
		if err == nil {
			err = l.fold.note(n)
		}
		if err != nil {
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

// skipped reports a record that was whole and could not be understood: one
// written by another version of this program.
func (l *Log) skipped(seq uint64, err error) {
	l.unreadable.Add(1)
	l.log.Warn("skipping a record of the alert journal that cannot be understood", "seq", seq, "err", err)
}

// Epoch names the journal: under another one, numbers mean other events.
func (l *Log) Epoch() string { return l.journal.Epoch() }

// First returns the number of the oldest event kept, Last()+1 if there is none.
func (l *Log) First() uint64 { return l.journal.First() }

// Last returns the number of the newest event, 0 if there is none. It is never
// ahead of what Read and Current know.
func (l *Log) Last() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fold.seq
}

// Unreadable returns how many records were skipped since the start because
// their content could not be understood.
func (l *Log) Unreadable() uint64 { return l.unreadable.Load() }

// Append writes events and, behind them, notes. It returns the events that are
// on disk, with their numbers: all of them unless there is an error. Notes are
// durable only without an error.
func (l *Log) Append(ctx context.Context, events []Event, notes ...Note) ([]Event, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	recs, kept, err := encodeAll(events, notes)
	if err != nil {
		return nil, err
	}
	if len(recs) == 0 {
		return nil, nil
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	n, err := l.journal.Append(recs)
	done := l.take(events, recs[:n], kept)
	if err != nil {
		return done, fmt.Errorf("append to the alert journal: %w", err)
	}
	l.writeSnapshot(recs[n-1].T)
	return done, nil
}

// encodeAll returns the records of events and notes, in this order.
func encodeAll(events []Event, notes []Note) ([]journal.Record, []storedNote, error) {
	recs := make([]journal.Record, 0, len(events)+len(notes))
	var t int64
	for i := range events {
		e := events[i].stored()
		b, err := encodeEvent(&e)
		if err != nil {
			return nil, nil, err
		}
		t = max(t, events[i].T)
		recs = append(recs, journal.Record{Kind: journal.Event, T: events[i].T, Data: b})
	}
	kept := make([]storedNote, 0, len(notes))
	for _, n := range notes {
		s := n.stored()
		b, err := encodeNote(s)
		if err != nil {
			return nil, nil, err
		}
		kept = append(kept, s)
		recs = append(recs, journal.Record{Kind: journal.State, T: t, Data: b})
	}
	return recs, kept, nil
}

// take brings the fold and the tail up to what has been written and wakes the
// readers.
func (l *Log) take(events []Event, written []journal.Record, notes []storedNote) []Event {
	l.mu.Lock()
	defer l.mu.Unlock()
	done := make([]Event, 0, min(len(events), len(written)))
	for i, r := range written {
		if r.Kind != journal.Event {
			if err := l.fold.note(notes[i-len(events)]); err != nil {
				l.skipped(r.Seq, err)
			}
			continue
		}
		e := events[i].stored()
		l.loose = behind(l.loose, e.Announced)
		e.Seq, e.Durable, e.Announced = r.Seq, true, 0
		l.fold.event(e)
		l.tail.add(e)
		done = append(done, e)
	}
	if len(written) > 0 {
		close(l.changed)
		l.changed = make(chan struct{})
	}
	return done
}

// writeSnapshot writes one when it is time. A disk that refuses it is asked again
// after a while: a start reads more until then, and nothing is lost. The caller holds
// writing.
func (l *Log) writeSnapshot(t int64) {
	since := l.journal.SinceSnapshot()
	if since < l.snapshot {
		return
	}
	l.mu.Lock()
	parts, err := l.fold.snapshot()
	l.mu.Unlock()
	if err == nil {
		err = l.journal.Snapshot(parts, t)
	}
	l.snapshot = snapshotAfter
	if err != nil {
		l.snapshot = since + snapshotAgain
		l.log.Warn("writing a snapshot of the alert journal failed, it is tried again later", "err", err)
	}
}

// Tend sees to what the journal could not do when it last wrote. It may wait for
// the disk.
func (l *Log) Tend() error { return l.journal.Tend() }

// Changed returns a channel that is closed when something is appended after the
// call. A reader takes it before it reads, so that it misses nothing.
func (l *Log) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Current returns the latest transition of every alert that is pending or
// firing, with the silences that it is under by now, in the order of their
// numbers, and the number up to which that holds.
func (l *Log) Current() ([]Event, uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fold.current(), l.fold.seq
}

// Active returns the latest transition of one alert, by [Event.Key], as Current does;
// false if it is neither pending nor firing.
func (l *Log) Active(key string) (Event, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t, ok := l.fold.active[key]
	return t.Event, ok
}

// Tracked returns the alerts that are pending or firing, or remembered, with what
// an [Engine] needs to go on with them.
func (l *Log) Tracked() []Tracked {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fold.tracked()
}

// Progress returns what the hooks have noted, by hook and key. The map is the
// caller's; the data must not be changed.
func (l *Log) Progress() map[string]map[string][]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := make(map[string]map[string][]byte, len(l.fold.progress))
	for hook, keys := range l.fold.progress {
		own := make(map[string][]byte, len(keys))
		for key, data := range keys {
			own[key] = data
		}
		all[hook] = own
	}
	return all
}
