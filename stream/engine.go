package stream

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// An Engine owns connections and moves frames to them. It is made by
// [New] and does nothing before [Engine.Run]. All methods are safe for
// concurrent use.
type Engine struct {
	o       Options
	handler Handler
	shards  []*shard
	pool    *pool
	calls   sync.Pool // of *call
	door    door

	topicID   atomic.Uint32
	topics    atomic.Int64
	ringBytes atomic.Int64
	ringLimit int64
	rewritten rewritten

	open     atomic.Int64
	events   atomic.Int64 // of those, streams of events
	accepted atomic.Uint64
	secured  atomic.Uint64 // of them
	polling  atomic.Int64
	polls    atomic.Uint64
	refused  [refusals]atomic.Uint64
	count    counters
	bad      tallies
	next     atomic.Uint32 // the shard for the next connection

	callers     atomic.Int64 // accepted, and not a stream
	callerLimit int64        // of them and the streams together; 0: none
	listenMu    sync.Mutex   // held while a listener is added
	listeners   atomic.Pointer[[]*listener]

	running atomic.Bool
	closing atomic.Bool
	life    context.Context // ends when the engine begins to
	end     context.CancelFunc
	gone    chan struct{} // closed when no worker is left
}

// New returns an engine that calls h. It lowers MaxConnections to what the limit
// of open files allows, and logs that it did.
func New(h Handler, o Options) (*Engine, error) {
	if h == nil {
		return nil, errors.New("stream: no handler")
	}
	o = o.withDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	room := descriptorRoom()
	if room > 0 && room < o.MaxConnections {
		o.Log.Info("fewer connections than configured: the limit of open files allows no more",
			"max_connections", room, "configured", o.MaxConnections)
		o.MaxConnections = room
	}
	e := &Engine{o: o, handler: h, ringLimit: o.MaxRing, gone: make(chan struct{})}
	e.life, e.end = context.WithCancel(context.Background())
	if room > 0 {
		// The last of them can still be told that the engine is full.
		e.callerLimit = int64(room + min(max(room/16, 8), 128))
	}
	e.door.init(o.MaxConnections, o.MaxPerAddress)
	e.pool = newPool(o.Workers / 3)
	for i := range o.Shards {
		s, err := newShard(e, i)
		if err != nil {
			for _, s := range e.shards {
				s.poll.free()
			}
			return nil, fmt.Errorf("stream: open poll loop: %w", err)
		}
		e.shards = append(e.shards, s)
	}
	return e, nil
}

// Run serves until ctx ends. Then it tells every connection (1001, with a time
// to come back after), gives them a moment to answer, closes all and returns
// nil when its goroutines have ended and its descriptors are closed. It can be
// called once; an engine that is never run must be run with a context that has
// ended to give back its descriptors.
func (e *Engine) Run(ctx context.Context) error {
	if e.running.Swap(true) {
		return errors.New("stream: Run called twice")
	}
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var workers, shards sync.WaitGroup
	for range e.o.Workers {
		workers.Go(func() { e.pool.run(work) })
	}
	workers.Go(func() { e.settle(work) })
	errs := make([]error, len(e.shards))
	failed := make(chan struct{}, len(e.shards))
	for i, s := range e.shards {
		shards.Go(func() {
			if errs[i] = s.run(); errs[i] != nil {
				failed <- struct{}{}
			}
		})
	}
	select {
	case <-ctx.Done():
	case <-failed:
	}
	e.closing.Store(true)
	e.end()
	for _, s := range e.shards {
		s.stop()
	}
	shards.Wait()
	cancel()
	e.pool.close()
	workers.Wait()
	close(e.gone)
	for _, s := range e.shards {
		s.release()
	}
	return errors.Join(errs...)
}

// Turns returns for each poll loop how many turns it has made. A loop that is
// alive makes at least one a second, so a watchdog can tell.
func (e *Engine) Turns() []uint64 {
	turns := make([]uint64, len(e.shards))
	for i, s := range e.shards {
		turns[i] = s.turns.Load()
	}
	return turns
}

// shutdownTime is how long peers have to answer the close frame: they are told
// within two seconds of the daemon's end.
const shutdownTime = 1500 * time.Millisecond
