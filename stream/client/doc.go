// Package client follows monitord's stream from another program: it dials,
// subscribes, and when the connection breaks it comes back and goes on where it
// stopped, so that nothing is missing and nothing comes twice.
//
// There are two layers. A [Conn] is one connection: messages out, messages in,
// and an error when it ends. A [Client] is a set of subscriptions that outlives
// connections.
//
// The life of a Client:
//
//  1. [New] takes the subscriptions. Nothing is connected yet.
//  2. [Client.Run] dials and sends every subscription. If the first attempt fails
//     it returns a [ConnectError]; later failures are retried.
//  3. Every message is handed to the caller's function, in the goroutine of Run,
//     together with the id of its subscription and the names of its columns. What
//     was handed over before is left out.
//  4. When the connection ends, or nothing at all came for 18 s (a living server
//     says something at least every 15 s), the function is told. The client waits:
//     as long as the server's closing reason says (retry=MS), else a quarter of a
//     second doubling to half a minute, with jitter.
//  5. It dials again and asks for what it lacks: samples and queries from just
//     after the last time it handed over, alerts after the last number, with the
//     epoch that the number belongs to. What the server no longer has comes as a
//     gap, which is handed over like every message and counts as the position. If
//     all that the server has is earlier than that time, its clock was set back: it
//     dials once more, and goes on from what there is.
//  6. Run ends when its context does, when the function returns an error, or when
//     the server says that coming back is of no use ([RefusedError], or a close
//     code that blames the client).
//
// # The picture
//
// A subscription to alerts without a number begins with every alert that is
// active. That picture is handed over as a whole, once it has come as a whole (the
// client asks for a pong behind it): if the connection breaks within it, the next
// connection begins anew, and otherwise it goes on after the number at which the
// picture was taken.
//
// # Goroutines
//
//	goroutine      started by   stopped by                     waited for by
//	the reader     the caller   the context of Run             the caller of Run
//	one that asks  Run          the end of its requests, or    the reader
//	                            of the connection
//	one that ends  Run          the context of Run, or the     the reader
//	                            end of the connection
//
// A Conn by itself has none.
//
// # Bounds
//
// A message has at most [Options.MaxMessage] bytes, and is read into memory as it
// comes, not as it is announced. A picture of more than 10,000 alerts is handed
// over in parts. The client queues nothing: a function that is slow makes the
// server wait, which is then free to skip samples and say so.
//
// # Not promised
//
// Alerts that the server told before they could be written down carry no number
// and come again with one. After a break an error of a query may come again. There
// is no order between subscriptions.
package client
