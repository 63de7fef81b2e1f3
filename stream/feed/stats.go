package feed

import (
	"slices"
	"sync/atomic"

	"monitord/stream/wire"
)

// Stats says what a feed does.
type Stats struct {
	Samples, Queries, Alerts int               // topics
	Evaluated                uint64            // results of queries, failures included
	Deferred                 uint64            // queries that a tick had no time for
	PagesMade, PagesShared   uint64            // of replays
	Unannounced              uint64            // events that are not durable and were too many to tell
	Postponed                uint64            // queries whose first result a tick had to give
	RefusedQueries           map[string]uint64 // by code of the answer
}

type counters struct {
	evaluated, deferred, unannounced, postponed atomic.Uint64
	refused                                     [len(refusals)]atomic.Uint64
}

// refusals are the codes that a request for a query may be refused with.
var refusals = [...]wire.Code{wire.BadQuery, wire.BadTime, wire.TooMany, wire.QueryFailed}

func (c *counters) refuse(kind wire.Kind, code wire.Code) {
	if i := slices.Index(refusals[:], code); kind == wire.KindQuery && i >= 0 {
		c.refused[i].Add(1)
	}
}

// Stats returns what the feed has done so far.
func (f *Feed) Stats() Stats {
	s := Stats{
		Evaluated: f.count.evaluated.Load(),
		Postponed: f.count.postponed.Load(),
		Deferred:  f.count.deferred.Load(),

		Unannounced: f.count.unannounced.Load(),
	}
	s.RefusedQueries = make(map[string]uint64, len(refusals))
	for i, code := range refusals {
		s.RefusedQueries[string(code)] = f.count.refused[i].Load()
	}
	f.mu.Lock()
	s.Samples, s.Queries, s.Alerts = f.kinds[wire.KindSamples], f.kinds[wire.KindQuery], f.kinds[wire.KindAlerts]
	f.mu.Unlock()
	f.pages.mu.Lock()
	s.PagesMade, s.PagesShared = f.pages.misses, f.pages.hits
	f.pages.mu.Unlock()
	return s
}
