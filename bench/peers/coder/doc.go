// Command coder broadcasts with coder/websocket: CloseRead reads in a goroutine
// per connection; there are no prepared messages.
package main
