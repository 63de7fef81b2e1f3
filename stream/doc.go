// Package stream is the engine that moves messages to whoever watches: poll
// loops, connections, topics. It moves opaque frames and knows no metric.
//
// # The life of a message
//
//  1. [Engine.Publish] frames each entry once and appends it to its topic's
//     ring. From then on the bytes never change, and every connection that
//     follows the topic is sent the same ones. For those that negotiated
//     compression or a binary subprotocol there are variants beside them, each
//     made once, when the first of them is about to be sent the entry, and
//     counted in the ring's bytes.
//  2. Each shard is told which topics have moved, and woken once.
//  3. The shard looks up what is new in those topics since it looked last, and
//     walks over its connections in the order of their slots. All that is due to
//     a connection leaves in one write, in the order in which it was published.
//     Every few hundred writes the shard looks after its sockets in between.
//  4. A connection for which the kernel has no room keeps the rest of that one
//     frame, and a cursor into each topic that it has not got everything of. It
//     now lags. When there is room again it goes on from the ring.
//  5. If the ring has moved past a cursor, a topic with Skip goes on with its
//     newest entry, after a message that names the hole; any other reads what is
//     missing from its [Source], a page at a time, until the ring reaches back
//     to there.
//  6. [Engine.PublishMarked] gives a mark along, which says up to where everything
//     has been published. Each stream of events is sent the newest one as its id,
//     behind what it was sent and when nothing that was published before the mark
//     waits for it any more.
//
// # The life of a connection
//
//  1. A shard accepts it from a listener of [Engine.Listen] and reads its request
//     without waiting. If that is complete, bounded and exactly a handshake as
//     the engine knows it, from who may come in, the shard answers it. Anything
//     else, odd or wrong included, goes to net/http with the bytes it has sent;
//     an upgrade that arrives there is answered by [Engine.ServeHTTP], which
//     takes the descriptor away from net/http and hands it to a shard. Either
//     way, bytes that came early are the first frame, and an offer of
//     permessage-deflate is accepted without context takeover in either
//     direction, so that no connection owns a window.
//     A listener of [Engine.ListenTLS] hands over everybody, once the first message
//     of TLS is there; the handshake of TLS and the request are net/http's, and its
//     goroutine ends when the shard takes over the descriptor and crypto/tls' state.
//  2. A worker calls [Handler.Open]. What the handler wants done is a [Turn],
//     which the shard carries out: unless the handler takes its time, the answer
//     to the handshake and what it says first leave in one write.
//  3. While it is idle the connection is 36 bytes in its shard's slab and 24 for
//     each subscription: no goroutine, no buffer, no timer, no pointer.
//  4. What the client sends is parsed as it comes; half a message is kept with
//     the connection. A complete one goes to a worker, which calls
//     [Handler.Message], and nothing more is read before its turn has been
//     carried out. A client that does not take its answers is not read from.
//     Compressed messages are inflated by the worker, to MaxMessage at most.
//  5. Each second a slice of the slab is pinged, so that pings are spread over
//     the interval; where there is news each second, a ping waits for it and
//     leaves in the same write. Who has been asked so, and has given no sign of
//     life for the interval and the timeout together, is closed.
//  6. Closing is a close frame behind everything that waits, then the peer's
//     answer or a time limit.
//
// # Other transports
//
// A stream of Server-Sent Events is a connection like any other, and its frames
// are one more variant of the same. net/http reads the request, a worker calls
// [Handler.Open] before it is answered, so that a refusal is a status, and the
// shard that takes the descriptor over carries out the turn. It is not pinged: TCP
// finds out when the peer is gone. Nothing more is expected from it; what comes is
// counted and thrown away. It ends with a time to come back after, where there is
// one.
//
// A poll stays with net/http, whose goroutine waits in [Poller.Poll]. It counts as
// a connection of its address, and is woken only when there is something to
// answer. It reads with [Topic.Since] what connections are sent from the ring.
//
// # Secured connections
//
// A shard reads and writes one through a wire, which knows nothing of WebSocket:
// crypto/tls over the non-blocking descriptor. It is read until it would block,
// because decrypted bytes may lie in it of which the poller knows nothing. It
// encrypts one record of 4 KiB at a time; what the kernel does not take of that
// is the wire's own, is sent before anything else, and is all that a reader that
// stops can make it keep. Buffers of crypto/tls' that are spent are let go.
//
// When many connections have come or gone, the settler has their garbage
// collected and returns it to the kernel.
//
// # Order
//
//  1. The messages of a topic reach a connection in the order of their
//     positions, each once.
//  2. What one Turn does is done in the order of its calls: a subscription's Head
//     comes before the first message of its topic, the answer to an unsubscribe
//     after the last.
//  3. The turns of a connection are carried out in the order of its messages.
//
// # Goroutines
//
//	goroutine        started by            stopped by               waited for by
//	one per shard    Run                   its context              Run
//	workers          Run                   Run, after the shards    Run
//	the settler      Run                   Run, after the shards    Run
//	(polls)          net/http              their client, or the     net/http
//	                                       end of the engine
//	two per          the portable poller   closing the connection   Run
//	connection       (not on Linux)
//
// At most a third of the workers read from sources at once, so that slow replays
// leave the others to the handler: who connects does not wait for them. A handler
// or source that is being called when the engine ends has its context
// cancelled, and Run waits for it to return.
//
// # Bounds
//
// Keys are those of the table [stream]. What has none is either derived from one,
// or so far from what a client needs that nobody would set it.
//
//	what                          bound                     beyond it         counted as
//	handshakes under way          handshake_timeout         closed            refused: timeout
//	a request's head              16 KiB                    431               refused: header
//	connections                   max_connections,          503, Retry-After  refused: full
//	                              open files
//	of one address                .._per_address            429, Retry-After  refused: address
//	a message                     max_message, inflated     1009              closed: too_big
//	its fragments, or blocks      max_message/64 + 256; 64  1008              closed: fragments
//	marked as the last
//	its time                      message_timeout           1008              closed: stalled
//	control frames in a second    max_control_frames        1008              closed: flood
//	pongs waiting                 one                       the newest stays
//	subscriptions                 max_subscriptions         an error          bad: too_many
//	bad messages in a row         ten                       1008              closed: bad_messages
//	answers not taken             64 KiB                    not read from
//	silence                       ping_interval,            closed            closed: timeout
//	                              pong_timeout
//	the answer to a close frame   handshake_timeout, 1 MiB  closed            as it was
//
// # Not promised
//
// No order holds between two topics, except within one call of Publish for
// connections that keep up. A mark may come more than once. Positions may be skipped by entries without
// messages. A ping is answered unless a newer one comes while the kernel has no
// room. Counts in [Stats] are not taken at one moment.
package stream
