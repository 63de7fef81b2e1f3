// Echo is the stream engine with a handler that sends every message back, for
// conformance suites and benchmarks to run against:
//
//	go run ./stream/echo -listen 127.0.0.1:9001
//	go run ./stream/echo -listen 127.0.0.1:9001 -broadcast 1024 -every 20ms
//	go run ./stream/echo -listen 127.0.0.1:9001 -broadcast 1024 -topics 1000 -follow 4
//	go run ./stream/echo -listen 127.0.0.1:9001 -cert cert.pem -key key.pem
//
// With -broadcast every connection is also sent a message of that size again and
// again: one of each topic that it follows, all in one write. Messages may have up to
// 16 MiB, also when inflated: compression is on. Any path will do.
//
// Goroutines: the HTTP server's, ended by closing it after the engine has ended;
// the broadcaster, ended by the context. run waits for both and for the engine.
package main
