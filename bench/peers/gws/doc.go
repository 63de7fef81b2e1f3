// Command gws broadcasts with lxzan/gws: a goroutine per connection that reads,
// and its Broadcaster, which makes a frame once.
package main
