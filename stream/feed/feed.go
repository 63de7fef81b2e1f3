package feed

import (
	"hash/maphash"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"monitord/stream"
	"monitord/stream/wire"
)

// A Feed is a [stream.Handler] over the daemon's data. It is made by [New], gets
// its engine by [Feed.Attach], and is safe for concurrent use after that. Nobody
// needs to close it.
type Feed struct {
	o        Options
	interval int64         // milliseconds
	budget   time.Duration // that a tick has for queries
	patience time.Duration // that a call of the engine has for them
	beside   *gate         // for evaluations that are not a tick's
	engine   *stream.Engine
	log      *slog.Logger
	seed     maphash.Seed // of tags: a client must not be able to make two ids collide
	pages    *pages
	count    counters
	run      uint32 // names the feed
	marks    marker

	// ticking is held while messages of ticks are made and published, telling
	// while those of the journal are. Each is taken before mu.
	ticking sync.Mutex
	telling sync.Mutex
	spent   spending // guarded by ticking

	mu        sync.Mutex // guards the fields below, and what topic says
	clock     clock
	seq       uint64 // newest event that has been told
	extra     int64  // positions given out after it
	loose     loose  // what was told there
	topics    map[key]*topic
	kinds     map[wire.Kind]int
	owned     map[client]int // topics by who asked for them first
	spellings map[key]*topic // by the words that were asked with in place of the canonical ones
}

// New returns a feed that begins where history and journal end now.
func New(o Options) (*Feed, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	f := &Feed{
		o:         o,
		interval:  o.Interval.Milliseconds(),
		budget:    o.Interval / 2,
		patience:  o.Config.Standing(o.Interval).Timeout,
		beside:    newGate(runtime.GOMAXPROCS(0) - 1),
		spent:     make(spending),
		log:       o.Log,
		seed:      maphash.MakeSeed(),
		pages:     newPages(pagesBytes),
		clock:     clock{last: o.History.Last()},
		seq:       o.Alerts.Last(),
		topics:    make(map[key]*topic),
		kinds:     make(map[wire.Kind]int),
		owned:     make(map[client]int),
		spellings: make(map[key]*topic),
		run:       newRun(),
	}
	f.marks.mark = mark{
		clock: f.clock, alerts: eventPosition(f.seq), epoch: o.Alerts.Epoch(), run: f.run,
	}
	return f, nil
}

// Attach gives the feed the engine that calls it. It must be called once, before
// the engine runs and before the first tick.
func (f *Feed) Attach(e *stream.Engine) {
	f.engine, f.marks.engine = e, e
}

// Heartbeat is the message for a connection that got nothing for a while.
func Heartbeat(nowMs int64) []byte { return (&wire.Heartbeat{T: nowMs}).AppendJSON(nil) }

// Encode makes CBOR of a message for the subprotocol [wire.SubprotocolCBOR]: all
// messages are made as JSON, and in the other encoding only when somebody follows
// in it.
func (f *Feed) Encode(message []byte) []byte {
	b, err := wire.ToCBOR(message)
	if err != nil {
		f.log.Error("a message could not be written as CBOR, it is left out", "err", err)
		return nil
	}
	return b
}

// now returns the clock of the newest tick.
func (f *Feed) now() clock {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.clock
}

// every returns the interval of a request in milliseconds.
func (f *Feed) every(r *wire.Request) (int64, *wire.Error) {
	if r.Every == 0 {
		return f.interval, nil
	}
	if r.Every%f.o.Interval != 0 || r.Every > maxEvery {
		return 0, &wire.Error{Code: wire.BadTime, Message: "every is " + wire.FormatDuration(r.Every) +
			", must be a multiple of the interval " + wire.FormatDuration(f.o.Interval) + " and at most " + wire.FormatDuration(maxEvery)}
	}
	return r.Every.Milliseconds(), nil
}

// maxEvery is the longest interval that a subscription may ask for.
const maxEvery = 24 * time.Hour
