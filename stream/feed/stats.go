package feed

import (
	"sync/atomic"

	"monitord/stream/wire"
)

// Stats says what a feed does.
type Stats struct {
	Samples, Queries, Alerts int    // topics
	Evaluated                uint64 // results of queries, failures included
	Failed                   uint64 // queries that could not be evaluated at a tick
	Deferred                 uint64 // queries that a tick had no time for
	PagesMade, PagesShared   uint64 // of replays
	Unannounced              uint64 // events that are not durable and were too many to tell
}

type counters struct {
	evaluated, failed, deferred, unannounced atomic.Uint64
}

// Stats returns what the feed has done so far.
func (f *Feed) Stats() Stats {
	s := Stats{
		Evaluated: f.count.evaluated.Load(),
		Failed:    f.count.failed.Load(),
		Deferred:  f.count.deferred.Load(),

		Unannounced: f.count.unannounced.Load(),
	}
	f.mu.Lock()
	s.Samples, s.Queries, s.Alerts = f.kinds[wire.KindSamples], f.kinds[wire.KindQuery], f.kinds[wire.KindAlerts]
	f.mu.Unlock()
	f.pages.mu.Lock()
	s.PagesMade, s.PagesShared = f.pages.misses, f.pages.hits
	f.pages.mu.Unlock()
	return s
}
