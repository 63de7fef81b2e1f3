package stream

import (
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epoll is the poller of Linux. Descriptors are watched edge-triggered, so that
// not reading from a connection for a while costs no system call. The eventfd is
// edge-triggered as well and never read: each write to it is an edge.
//
// The epoll descriptor itself is watched by the runtime's poller. A loop that
// waits is so a goroutine like any other and holds neither a thread nor a
// processor, which the runtime's monitor would have to take away each time.
type epoll struct {
	fd, wakefd int
	file       *os.File // of fd
	wakeups    syscall.RawConn
	until      time.Time // the deadline set on file
	ready      func(uintptr) bool
	found      int // by ready
	failed     error
	reserve    int // a descriptor to give up when there is none left, or -1
	raw        []unix.EpollEvent
	events     []event
	iov        [maxParts]unix.Iovec
	msg        unix.Msghdr
}

func newPoller() (poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	wakefd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(fd)
		return nil, fmt.Errorf("eventfd: %w", err)
	}
	p := &epoll{fd: fd, wakefd: wakefd, raw: make([]unix.EpollEvent, 256), events: make([]event, 0, 256)}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET} // generation 0: no connection's
	if err := unix.EpollCtl(fd, unix.EPOLL_CTL_ADD, wakefd, &ev); err != nil {
		unix.Close(fd)
		unix.Close(wakefd)
		return nil, fmt.Errorf("epoll_ctl: %w", err)
	}
	_ = unix.SetNonblock(fd, true) // says to NewFile that it can be watched
	p.file = os.NewFile(uintptr(fd), "epoll")
	if p.wakeups, err = p.file.SyscallConn(); err == nil {
		err = p.file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		p.file.Close()
		unix.Close(wakefd)
		return nil, fmt.Errorf("watch epoll: %w", err)
	}
	p.ready = func(uintptr) bool {
		p.found, p.failed = p.look()
		return p.found != 0 || p.failed != nil
	}
	p.reserve = openReserve()
	return p, nil
}

func (p *epoll) adopt(c net.Conn) (int32, error) {
	defer c.Close()
	sc, ok := c.(syscall.Conn)
	if !ok {
		return -1, fmt.Errorf("take over connection: %T has no descriptor", c)
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return -1, fmt.Errorf("take over connection: %w", err)
	}
	fd := -1
	var dupErr error
	if err := rc.Control(func(old uintptr) {
		fd, dupErr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		return -1, fmt.Errorf("take over connection: %w", err)
	}
	if dupErr != nil {
		return -1, fmt.Errorf("duplicate descriptor: %w", dupErr)
	}
	// Both fail only on what is no socket, and write would say so.
	_ = unix.SetNonblock(fd, true)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
	return int32(fd), nil
}

func (p *epoll) add(fd int32, slot, gen uint32) error {
	return p.ctl(unix.EPOLL_CTL_ADD, fd, slot, gen, unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLET)
}

func (p *epoll) wantWrite(fd int32, slot, gen uint32) error {
	// MOD looks at the descriptor again, so room made meanwhile is not missed.
	return p.ctl(unix.EPOLL_CTL_MOD, fd, slot, gen, unix.EPOLLIN|unix.EPOLLOUT|unix.EPOLLRDHUP|unix.EPOLLET)
}

func (p *epoll) ctl(how int, fd int32, slot, gen uint32, events uint32) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(slot), Pad: int32(gen)}
	if err := unix.EpollCtl(p.fd, how, int(fd), &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

func (p *epoll) wait(ms int) ([]event, error) {
	var n int
	var err error
	if ms == 0 {
		n, err = p.look()
	} else {
		n, err = p.await(time.Duration(ms) * time.Millisecond)
	}
	if err != nil {
		if errors.Is(err, unix.EINTR) {
			return nil, nil
		}
		return nil, fmt.Errorf("epoll_wait: %w", err)
	}
	p.events = p.events[:0]
	for _, ev := range p.raw[:n] {
		if ev.Pad == 0 {
			continue // woken
		}
		var bits uint8
		if ev.Events&unix.EPOLLIN != 0 {
			bits |= canRead
		}
		if ev.Events&unix.EPOLLOUT != 0 {
			bits |= canWrite
		}
		if ev.Events&unix.EPOLLRDHUP != 0 {
			bits |= peerDone | canRead
		}
		if ev.Events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			bits |= broken
		}
		p.events = append(p.events, event{slot: uint32(ev.Fd), gen: uint32(ev.Pad), bits: bits})
	}
	return p.events, nil
}

func (p *epoll) look() (int, error) {
	n, _, e := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(p.fd), uintptr(unsafe.Pointer(&p.raw[0])), uintptr(len(p.raw)), 0, 0, 0)
	if e != 0 {
		return 0, e
	}
	return int(n), nil
}

// await looks until there is something or the time is over. A deadline that is
// about right already is left as it is.
func (p *epoll) await(d time.Duration) (int, error) {
	now := time.Now()
	until := now.Add(d)
	if off := until.Sub(p.until); off < -time.Millisecond || off > time.Millisecond || !p.until.After(now) {
		if err := p.file.SetReadDeadline(until); err != nil {
			return 0, err
		}
		p.until = until
	}
	p.found, p.failed = 0, nil
	if err := p.wakeups.Read(p.ready); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, err
	}
	return p.found, p.failed
}

func (p *epoll) wake() {
	one := [8]byte{0: 1}
	for {
		_, err := unix.Write(p.wakefd, one[:])
		if !errors.Is(err, unix.EINTR) {
			return // a counter that is full is an edge that has been seen
		}
	}
}

// The calls below never wait, so the scheduler need not hear of them.

func (p *epoll) read(fd int32, b []byte) (int, error) {
	for {
		n, _, e := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)))
		switch e {
		case 0:
			return int(n), nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, errAgain
		default:
			return 0, e
		}
	}
}

func (p *epoll) write(fd int32, b []byte) (int, error) {
	for {
		n, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)),
			unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
		switch e {
		case 0:
			return int(n), nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, errAgain
		default:
			return 0, e
		}
	}
}

func (p *epoll) writev(fd int32, bufs [][]byte) (int, error) {
	if len(bufs) == 1 {
		return p.write(fd, bufs[0])
	}
	k := min(len(bufs), maxParts)
	for i, b := range bufs[:k] {
		p.iov[i].Base = &b[0]
		p.iov[i].SetLen(len(b))
	}
	p.msg.Iov = &p.iov[0]
	p.msg.SetIovlen(k)
	defer clear(p.iov[:k]) // or the last frames written would be kept alive
	for {
		n, _, e := unix.RawSyscall(unix.SYS_SENDMSG, uintptr(fd), uintptr(unsafe.Pointer(&p.msg)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		switch e {
		case 0:
			return int(n), nil
		case unix.EINTR:
		case unix.EAGAIN:
			return 0, errAgain
		default:
			return 0, e
		}
	}
}

func (p *epoll) finish(fd int32) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) }

func (p *epoll) close(fd int32) { _ = unix.Close(int(fd)) }

func (p *epoll) free() {
	_ = unix.Close(p.wakefd)
	_ = p.file.Close()
	if p.reserve >= 0 {
		_ = unix.Close(p.reserve)
	}
}

// descriptorRoom returns how many connections the limit of open files leaves
// room for, with a reserve for everything else that opens files.
func descriptorRoom() int {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return 0
	}
	n := int(min(l.Cur, maxSlots))
	return n - min(512, max(n/4, 32))
}
