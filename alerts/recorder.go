package alerts

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"monitord/alerts/journal"
)

// idleTurn is how often Run makes a turn when there is nothing new: to ask a disk
// that refused once more, and to show that it is alive.
const idleTurn = time.Second

// readPage is how many events are announced at a time.
const readPage = 256

// A Recorder takes events from the tick, writes them to the log and announces
// whatever the log takes, its own events and those of the hooks alike, in the
// order of their numbers.
//
// Add never waits: not for the disk and not for a sink. What waits for the disk
// is bounded (see backlog), and what is left out for that is counted.
//
// While the disk takes nothing, events are announced at once with Durable false
// and without a number, and again with their number when they are on disk.
//
// Use NewRecorder. Add and Stats are safe for concurrent use; Run is called once.
type Recorder struct {
	log   *Log
	slog  *slog.Logger
	sinks []func([]Event)

	held backlog // taken from incoming; Run's alone
	next uint64  // announced up to here; Run's alone
	said uint64  // events announced without a number; Run's alone

	waiting atomic.Int64 // events in held
	refused atomic.Bool
	dropped atomic.Uint64
	turns   atomic.Uint64
	writing atomic.Pointer[time.Time] // since when a write has been waiting for the disk

	mu       sync.Mutex // guards the field below
	incoming backlog
	wake     chan struct{} // holds one
}

// RecorderStats is the state of a Recorder at one moment.
type RecorderStats struct {
	Waiting int    // events not on disk yet
	Refused bool   // the disk took nothing when last asked
	Dropped uint64 // events left out because too many waited, since the start
}

// NewRecorder returns a recorder that announces what is appended to the log from
// now on. The sinks are called one after the other by Run's goroutine; they
// must not block and must not change the events.
func NewRecorder(l *Log, log *slog.Logger, sinks ...func([]Event)) *Recorder {
	return &Recorder{log: l, slog: log, sinks: sinks, next: l.Last(), wake: make(chan struct{}, 1)}
}

// Add hands over what came of an evaluation.
func (r *Recorder) Add(o Outcome) {
	if len(o.Events) == 0 && len(o.Notes) == 0 && o.Hole == nil {
		return
	}
	var hole []Note
	if o.Hole != nil {
		hole = []Note{*o.Hole} // before the events: it is nothing to alerts that begin behind it
	}
	r.mu.Lock()
	dropped := r.incoming.add(hole, o.Events, o.Notes)
	r.mu.Unlock()
	r.dropped.Add(uint64(dropped))
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Stats never waits for the disk.
func (r *Recorder) Stats() RecorderStats {
	r.mu.Lock()
	n := len(r.incoming.events)
	r.mu.Unlock()
	return RecorderStats{Waiting: n + int(r.waiting.Load()), Refused: r.refused.Load(), Dropped: r.dropped.Load()}
}

// Run writes and announces until the context ends; then it writes what is still
// waiting, once, and returns nil. Whoever calls Add must have stopped before
// that, or its last events are not written. An error is that the journal takes
// nothing until it is opened again.
func (r *Recorder) Run(ctx context.Context) error {
	idle := time.NewTicker(idleTurn)
	defer idle.Stop()
	for {
		changed := r.log.Changed()
		err := r.write(context.WithoutCancel(ctx))
		r.announce()
		r.turns.Add(1)
		if forGood(err) {
			return err
		}
		select {
		case <-ctx.Done():
			_ = r.write(context.WithoutCancel(ctx)) // said there
			r.announce()
			return nil
		case <-r.wake:
		case <-changed:
		case <-idle.C:
			if err := r.tend(); forGood(err) {
				return err
			}
		}
	}
}

// forGood tells whether the journal takes nothing ever after.
func forGood(err error) bool {
	return errors.Is(err, journal.ErrReplaced) || errors.Is(err, journal.ErrLocked)
}

// Turns grows at least once a second as long as Run makes its turns. Waiting for
// the disk counts as turning: a journal that waits is degraded, not dead.
func (r *Recorder) Turns() uint64 {
	n := r.turns.Load()
	if since := r.writing.Load(); since != nil {
		n += uint64(time.Since(*since) / time.Second)
	}
	return n
}

// write puts what is waiting on disk. What the disk refuses stays, and what of
// that has not been announced is announced as it is.
func (r *Recorder) write(ctx context.Context) error {
	r.mu.Lock()
	in := r.incoming
	r.incoming = backlog{}
	r.mu.Unlock()
	r.dropped.Add(uint64(r.held.join(in)))
	r.waiting.Store(int64(len(r.held.events)))
	if r.held.empty() {
		return nil
	}
	err := r.append(ctx)
	r.waiting.Store(int64(len(r.held.events)))
	if err == nil {
		if r.refused.Swap(false) {
			r.log.hold(nil)
			r.slog.Info("the alert journal takes events again")
		}
		return nil
	}
	if !r.refused.Swap(true) {
		r.slog.Error("the alert journal takes no events, they are announced as not durable until it does", "waiting", len(r.held.events), "err", err)
	}
	fresh := r.held.events[r.held.announced:]
	r.held.announced = len(r.held.events)
	for i := range fresh {
		r.said++
		fresh[i].Announced = r.said
	}
	r.announce() // those that were written before the disk refused go first
	r.log.hold(r.held.events[:len(r.held.events):len(r.held.events)])
	if len(fresh) > 0 {
		r.tell(fresh)
	}
	return err
}

// append writes all that is held, notes in their places among the events. A disk that
// refused is asked before thousands of events are encoded for it.
func (r *Recorder) append(ctx context.Context) error {
	if r.refused.Load() {
		if err := r.tend(); err != nil {
			return err
		}
	}
	for !r.held.empty() {
		events, notes := r.held.next()
		var done []Event
		var err error
		r.onDisk(func() { done, err = r.log.Append(ctx, events, notes...) })
		if err != nil {
			notes = nil
		}
		r.held.wrote(len(done), len(notes))
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Recorder) tend() (err error) {
	r.onDisk(func() { err = r.log.Tend() })
	return err
}

// onDisk does what may wait for the disk.
func (r *Recorder) onDisk(do func()) {
	start := time.Now()
	r.writing.Store(&start)
	do()
	r.turns.Add(uint64(time.Since(start) / time.Second)) // what Turns has shown stays
	r.writing.Store(nil)
}

// announce passes on what the log has taken since the last time. When reading
// it fails, the rest follows at a later turn.
func (r *Recorder) announce() {
	for {
		events, err := r.log.Read(r.next, readPage)
		switch {
		case errors.Is(err, journal.ErrExpired):
			r.next = max(r.next+1, r.log.First()) - 1
			continue
		case err != nil:
			r.slog.Error("reading the alert journal failed, announcing waits", "err", err)
			return
		case len(events) == 0:
			return
		}
		r.next = events[len(events)-1].Seq
		r.tell(events)
	}
}

func (r *Recorder) tell(events []Event) {
	for _, sink := range r.sinks {
		sink(events)
	}
}
