// Command run measures monitord and prints each figure beside its target. It
// starts every server itself, one at a time, with the herd on another processor.
//
//	go run ./run -monitord ../bin/monitord -echo ../bin/echo
//	go run ./run -quick -only stream
//
// The parts:
//
//	rest    processor time and memory of the daemon that watches this machine,
//	        with the default rules and one viewer who has the page's queries open
//	stream  memory per connection, and processor time per message as a ratio to
//	        the floor: pairs of runs, server and floor in turn, their median
//	peers   monitord, the floor, and servers made with other people's libraries:
//	        memory, handshakes and messages, in one run
//	scale   what must not grow: with connections, with topics, with the messages
//	        of one tick, with idle connections
//	restart thousands of subscribers who come back after the daemon has ended
//	delay   from the commit of a tick to the message that a subscriber gets, to
//	        the alert, and to the first instruction of an exec hook
//	queries processor time for 200 distinct dashboard expressions, each followed
//	        by one viewer every second: a daemon with and one without them, side
//	        by side
//	transports
//	        bytes, processor time and delay per value told, over each transport of
//	        the stream and by plain repeated requests
//	tls     processor time per handshake over TLS, and memory per idle connection, at
//	        once and a minute later, with TLS 1.3 and 1.2
//
// It ends with 1 if something did not run; no figure decides that.
package main
