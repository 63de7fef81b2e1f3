// Package peers holds other people's WebSocket libraries, each in a small server
// that broadcasts as the floor does and takes the same flags, to be compared with
// in one run. Each is used as its own documents advise for a broadcast: nothing
// is done by hand that the library has a way for.
package peers
