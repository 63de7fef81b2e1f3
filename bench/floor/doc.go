// Command floor is the least that a broadcast server can do: one thread, epoll,
// and every period one send per connection of a frame that was made once. It is
// a yardstick, not a server: it answers every request head alike, never reads a
// frame, and drops what it cannot send at once.
//
//	floor -listen 127.0.0.1:9001 -payload 1024 -every 20ms
//
// It walks its connections in the order of their descriptors, because any other
// order costs it a tenth.
package main
