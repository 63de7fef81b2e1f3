// Command herd is a herd of WebSocket subscribers, to measure a broadcast server
// from outside. It opens many connections from many loopback addresses, sends a
// subscribe message on each if it is given one, and counts what arrives.
//
//	herd -to 127.0.0.1:6455 -path '/api/v1/stream?query=node_load1' -tick -pid PID
//	herd -to 127.0.0.1:9001 -n 2000 -for 10s -pid PID -poll -json
//
// The life of a run:
//
//  1. Connect: at most -window handshakes are under way at a time. The server's
//     memory and processor time are read before the first and after the last.
//  2. Settle for -settle. The server's memory is read again.
//  3. Wait for the longest lull between messages, so that the k-th message of
//     every connection is the same broadcast. With -tick broadcasts are told
//     apart by their own time, and the lull does not matter.
//  4. Count for -for. Pings and closes are answered throughout.
//  5. Print one line of key=value, or one object with -json.
//
// # Restarts
//
// With -resume the herd says "open" when all connections are there. Those that end
// from then on come back after the time that the server asked for (retry=MS), else
// after a quarter of a second that doubles, with jitter, and go on where they were
// (from=, after=). The report says how long it took until all had a message again,
// how many handshakes came to nothing, and what was missing or came twice.
//
// # Measuring with care
//
// Pin server and herd to a processor each. -poll makes the herd poll instead of
// sleep while it counts, because the wake-up of a receiver that sleeps is paid by
// the sender. Handshakes cost most truthfully without a subscription.
//
// One goroutine does everything.
package main
