// Command gobwas broadcasts with gobwas/ws as its documents show it: zero-copy
// upgrades without net/http, a goroutine per connection that reads, and a frame
// that is compiled once.
package main
