// Command gorilla broadcasts with gorilla/websocket: a goroutine per connection
// that reads, prepared messages, and a pool of write buffers, as its documents
// advise for many connections that are seldom written to.
package main
