package stream

import "sync/atomic"

// Stats is what an engine has done. Counts only grow.
type Stats struct {
	Connections    int   // open now: WebSockets and streams of events
	Events         int   // of those, streams of events
	Polling        int   // polls that are being answered or wait
	MaxConnections int   // in force: what was configured, or what the limit of open files allows
	Subscriptions  int64 // now
	Topics         int64 // now
	RingBytes      int64 // held by the rings now

	Accepted         uint64
	Polls            uint64            // answered
	Refused          map[string]uint64 // handshakes, by reason
	Closed           map[string]uint64 // connections, by reason
	BytesReceived    uint64
	BytesSent        uint64
	MessagesReceived uint64
	MessagesSent     uint64            // topics' entries and messages of one connection alone; no control frames
	Bad              map[string]uint64 // what clients asked that came to nothing, by code: the handler's own, and duplicate, too_many and unknown_id
	Gaps             uint64            // times that a reader lost entries of a topic
	Pages            uint64            // read from Sources
	PageErrors       uint64
	Panics           uint64     // in a Handler or a Source
	Pings            uint64     // sent
	RoundTrips       RoundTrips // of those that were answered as they should be
}

// reason is why a connection ended.
type reason uint8

const (
	goneNormal    reason = iota // closing handshake begun by the peer
	goneEOF                     // the peer closed without a closing handshake
	goneReset                   // error of the socket
	goneProtocol                // 1002
	goneType                    // 1003
	goneInvalid                 // 1007
	gonePolicy                  // 1008, chosen by the handler
	goneTooBig                  // 1009
	goneInternal                // 1011
	goneHandler                 // any other code that the handler chose
	goneShutdown                // 1001, the engine ends
	goneTimeout                 // silent too long, though it was pinged
	goneStalled                 // half a message, and no more of it in time
	goneFragments               // 1008, too many fragments of one message
	goneFlood                   // 1008, too many control frames
	goneBad                     // 1008, too many bad messages in a row
	reasons
)

var reasonNames = [reasons]string{
	"normal", "eof", "reset", "protocol", "type", "invalid", "policy", "too_big", "internal", "handler", "shutdown", "timeout", "stalled",
	"fragments", "flood", "bad_messages",
}

func reasonOf(code uint16) reason {
	switch code {
	case 1002:
		return goneProtocol
	case 1003:
		return goneType
	case 1007:
		return goneInvalid
	case 1008:
		return gonePolicy
	case 1009:
		return goneTooBig
	case 1011:
		return goneInternal
	}
	return goneHandler
}

// refusal is why a handshake was refused.
type refusal uint8

const (
	refusedMethod refusal = iota
	refusedUpgrade
	refusedProtocol
	refusedFull
	refusedAddress
	refusedClosing
	refusedTimeout // not asked to come in in time
	refusedFailed  // the connection broke while being taken over
	refusedHeader  // the request is longer than a request may be
	refusedTLS     // a TLS handshake that came to nothing
	refusedRequest // by the handler: what the URL asks for
	refusals
)

var refusalNames = [refusals]string{"method", "upgrade", "subprotocol", "full", "address", "closing", "timeout", "failed", "header", "tls", "request"}

// counters belong to one shard, or to the engine. They are read by anybody.
type counters struct {
	closed                                     [reasons]atomic.Uint64
	bytesIn, bytesOut, messagesIn, messagesOut atomic.Uint64
	gaps, pages, pageErrors, panics, pings     atomic.Uint64
	subscriptions                              atomic.Int64
	roundTrips                                 roundTrips
}

// Stats returns the counts of this moment. It may be called at any time.
func (e *Engine) Stats() Stats {
	s := Stats{
		Connections:    int(e.open.Load()),
		Events:         int(e.events.Load()),
		Polling:        int(e.polling.Load()),
		Polls:          e.polls.Load(),
		MaxConnections: e.o.MaxConnections,
		Topics:         e.topics.Load(),
		RingBytes:      e.ringBytes.Load(),
		Accepted:       e.accepted.Load(),
		Refused:        make(map[string]uint64, refusals),
		Closed:         make(map[string]uint64, reasons),
		Bad:            e.bad.snapshot(),
	}
	for i := range e.refused {
		s.Refused[refusalNames[i]] = e.refused[i].Load()
	}
	add := func(c *counters) {
		for i := range c.closed {
			s.Closed[reasonNames[i]] += c.closed[i].Load()
		}
		s.BytesReceived += c.bytesIn.Load()
		s.BytesSent += c.bytesOut.Load()
		s.MessagesReceived += c.messagesIn.Load()
		s.MessagesSent += c.messagesOut.Load()
		s.Gaps += c.gaps.Load()
		s.Pages += c.pages.Load()
		s.PageErrors += c.pageErrors.Load()
		s.Panics += c.panics.Load()
		s.Pings += c.pings.Load()
		c.roundTrips.addTo(&s.RoundTrips)
		s.Subscriptions += c.subscriptions.Load()
	}
	for _, sh := range e.shards {
		add(&sh.count)
	}
	add(&e.count)
	return s
}
