package stream

import (
	"errors"
	"net"
	"net/netip"
)

// A poller tells a shard which of its descriptors can be read or written again,
// and moves bytes without ever waiting. It is used by the shard's goroutine
// alone, but for adopt and wake. There are two: epoll on Linux, and a pair of
// goroutines per connection elsewhere.
//
// Events are edges: one comes when a descriptor becomes readable, and after
// wantWrite when it becomes writable; a read or write that said errAgain, or a
// read that filled less than its buffer, arms the next one.
type poller interface {
	// adopt takes a connection over and closes c. It fails if c is not a TCP or
	// Unix connection; c is closed in any case.
	adopt(c net.Conn) (fd int32, err error)
	// add begins to watch; the slot and generation come back with each event.
	add(fd int32, slot, gen uint32) error
	// wantWrite asks for an edge when the descriptor can be written.
	wantWrite(fd int32, slot, gen uint32) error
	// wait returns events; none after about ms milliseconds or a wake. With ms 0
	// it does not wait. The slice is valid until the next call.
	wait(ms int) ([]event, error)
	// wake ends a wait, now or the next one. Any goroutine may call it.
	wake()
	// read returns 0 and no error at the end of the stream.
	read(fd int32, b []byte) (int, error)
	// write and writev return how much was taken; less than all, or errAgain,
	// means that there is no room now. writev looks at maxParts buffers at most.
	write(fd int32, b []byte) (int, error)
	writev(fd int32, bufs [][]byte) (int, error)
	// finish says that nothing more will be written.
	finish(fd int32)
	close(fd int32)
	// free gives back what the poller itself holds.
	free()
}

// A listening poller also accepts connections itself. These calls never wait.
type listening interface {
	// listen takes a listening socket over and closes l, whose file in the file
	// system, if it is a Unix socket, is then the caller's to remove. inherited
	// says that its connections need not be given their options one by one.
	listen(l net.Listener) (fd int32, inherited bool, err error)
	// watch reports events of a listening socket with slot 0 and its number,
	// again and again while connections wait; unwatch does no longer.
	watch(fd int32, number uint32) error
	unwatch(fd int32, number uint32) error
	// accept returns errAgain when nobody waits, and errNoRoom when there is no
	// descriptor for who does: then the longest waiting has been turned away.
	accept(fd int32, inherited bool) (int32, error)
	// peer returns the zero Addr for a Unix socket, and false for one that is
	// not connected any more.
	peer(fd int32) (netip.Addr, bool)
	// remove ends watching a connection, and conn makes one for the rest of the
	// program of it.
	remove(fd int32)
	conn(fd int32) (net.Conn, error)
}

// maxParts is how many buffers go into one writev; the kernel takes 1024.
const maxParts = 128

var (
	errAgain  = errors.New("would block")
	errNoRoom = errors.New("no descriptor left")
)

// sendBuffer is the fixed size of a socket's send buffer: left alone, the kernel
// would let it grow to megabytes and so hoard what the rings let go.
const sendBuffer = 64 << 10

type event struct {
	slot, gen uint32
	bits      uint8
}

const (
	canRead  uint8 = 1 << iota
	canWrite       // after wantWrite
	peerDone       // the peer writes no more: read until the end
	broken         // reset, or both directions are down
)
