// Package linux is what the load generator, the floor and the runner ask of the
// kernel directly: epoll and sockets without the Go poller in between, processor
// affinity, and the processor time and memory of another process.
//
// The calls that are made once per message enter the kernel without telling the
// Go scheduler, which is at the floor of what a C program costs. They therefore
// must not block: every socket here is non-blocking.
//
// The package starts no goroutine.
package linux
