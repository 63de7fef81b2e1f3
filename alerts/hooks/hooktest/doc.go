// Package hooktest is what the tests of hooks, of their messages and of their
// senders share: events to deliver, and programs to start. Nothing but tests
// imports it. It starts no goroutine; what it makes on disk goes with the test.
package hooktest
