package hooks

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"monitord/alerts"
	"monitord/alerts/hooks/message"
)

// Log is what a Runner reads and writes: an *alerts.Log.
type Log interface {
	Epoch() string
	First() uint64
	Last() uint64
	Read(after uint64, limit int) ([]alerts.Event, error)
	Append(ctx context.Context, events []alerts.Event, notes ...alerts.Note) ([]alerts.Event, error)
	Changed() <-chan struct{}
	Current() ([]alerts.Event, uint64)
	Active(key string) (alerts.Event, bool)
	Progress() map[string]map[string][]byte
}

// Options of a Runner.
type Options struct {
	Log         Log
	Instance    string // name of this host, in messages
	Version     string // for the User-Agent
	ExternalURL string // of this daemon, for links in messages; may be empty
	Logger      *slog.Logger

	// Checkup is called for each hook that sends heartbeats and returns what says,
	// before each, whether all has been well since it was last asked, or what was
	// not. nil: all always is.
	Checkup func() func() error
}

// Runner delivers what its hooks ask for. Use New. Run is called once; the other
// methods are safe for concurrent use, before and while it runs.
type Runner struct {
	opts   Options
	log    Log
	slog   *slog.Logger
	origin message.Origin
	scribe *scribe

	results chan result // holds as many as run at once: nobody waits to send
	hooks   []*hook     // Run's alone
	running int         // Run's alone
	turn    int         // Run's alone: which hook is asked first
	reader  int         // Run's alone: which hook reads first
	reread  time.Time   // Run's alone: when to read on after an error; zero if there was none
	unread  time.Time   // Run's alone: since when what waits cannot be read at the start; zero if it can
	again   time.Time   // Run's alone: when that is tried again

	wake  chan struct{} // holds one
	asks  chan func()   // what others have Run's goroutine do
	ended chan struct{} // closed when Run has ended
	tests chan struct{} // as many as may run at once

	seals   chan struct{} // as many as may wait for the disk at once
	sealing sync.WaitGroup
	sealFor time.Duration // how long each waits for it

	mu     sync.Mutex // guards the fields below
	reload []compiled // to be taken over; nil for none
	loose  []alerts.Event
	missed uint64 // events that found no room in loose
	stats  []HookStats
}

// New returns a runner for hooks that have proved good, or all their faults.
func New(cfgs []Config, o Options) (*Runner, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	hooks, faults := compile(cfgs, o)
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	r := &Runner{
		opts:    o,
		log:     o.Log,
		slog:    o.Logger,
		origin:  message.Origin{Epoch: o.Log.Epoch(), Instance: o.Instance, ExternalURL: o.ExternalURL},
		scribe:  newScribe(o.Log, o.Logger),
		results: make(chan result, maxRunning),
		wake:    make(chan struct{}, 1),
		asks:    make(chan func()),
		ended:   make(chan struct{}),
		tests:   make(chan struct{}, maxTests),
		seals:   make(chan struct{}, maxRunning),
		sealFor: sealTime,
		reload:  hooks,
	}
	for _, c := range hooks { // who asks who is told must not hear nobody, before Run has read where they stand
		r.stats = append(r.stats, HookStats{Name: c.Name, Type: c.Type, matchers: c.matchers, beats: c.Heartbeat > 0})
	}
	return r, nil
}

// Reload replaces the hooks: all of them, or none if there is a fault. A hook
// whose name stays keeps what it has to deliver; attempts under way go on with
// the configuration they began with.
func (r *Runner) Reload(cfgs []Config) error {
	hooks, faults := compile(cfgs, r.opts)
	if len(faults) > 0 {
		return errors.Join(faults...)
	}
	r.mu.Lock()
	r.reload = hooks
	r.mu.Unlock()
	r.poke()
	return nil
}

// Announce takes events as they are announced, and keeps those that are not
// durable: the others are read from the journal. It waits for nothing.
func (r *Runner) Announce(events []alerts.Event) {
	added := false
	r.mu.Lock()
	for _, e := range events {
		switch {
		case e.Durable || e.Kind.Delivery():
		case len(r.loose) < maxLoose:
			r.loose = append(r.loose, e)
			added = true
		default:
			r.missed++
		}
	}
	r.mu.Unlock()
	if added {
		r.poke()
	}
}

func (r *Runner) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// graceTime is how long attempts under way may go on when the runner ends.
const graceTime = 2 * time.Second

// Run delivers until the context ends. It returns nil, at most about three
// seconds later; what was not delivered waits in the journal.
func (r *Runner) Run(ctx context.Context) error {
	defer close(r.ended)
	work, abort := context.WithCancel(context.WithoutCancel(ctx))
	defer abort()
	writing, stopWriting := context.WithCancel(context.WithoutCancel(ctx))
	var wrote sync.WaitGroup
	wrote.Go(func() { r.scribe.run(writing) })
	defer func() {
		stopWriting()
		wrote.Wait()
		r.sealing.Wait()
		for _, h := range r.hooks {
			h.sender.Close()
		}
	}()
	for {
		changed := r.log.Changed()
		now := time.Now()
		// An event that the disk first refused was announced before it got its
		// number: what is read is older than what takeOver has seen.
		last := r.log.Last()
		r.takeOver(now)
		more := r.readOn(now, last)
		r.dispatch(work, now)
		r.note(now, false)
		r.publish()
		if more && ctx.Err() == nil {
			r.collect(time.Now())
			continue
		}
		timer := r.timer(now)
		select {
		case <-ctx.Done():
			stop(timer)
			r.windDown(abort)
			return nil
		case res := <-r.results:
			r.finish(res, time.Now())
		case ask := <-r.asks:
			ask()
		case <-changed:
		case <-r.wake:
		case <-tick(timer):
		}
		stop(timer)
	}
}

func stop(t *time.Timer) {
	if t != nil {
		t.Stop()
	}
}

func tick(t *time.Timer) <-chan time.Time {
	if t == nil {
		return nil
	}
	return t.C
}
