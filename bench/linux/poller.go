package linux

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"
)

// Events that a descriptor can be watched for.
const (
	Readable = syscall.EPOLLIN | syscall.EPOLLRDHUP
	Writable = syscall.EPOLLOUT
)

// Poller is an epoll instance. It belongs to one goroutine.
type Poller struct {
	fd     int
	events []syscall.EpollEvent
}

// NewPoller returns a Poller that reports up to room descriptors at a time.
func NewPoller(room int) (*Poller, error) {
	fd, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	return &Poller{fd: fd, events: make([]syscall.EpollEvent, room)}, nil
}

// Add watches fd; its events come with token.
func (p *Poller) Add(fd int, events uint32, token int32) error {
	return p.control(syscall.EPOLL_CTL_ADD, fd, events, token)
}

// Change replaces what fd is watched for.
func (p *Poller) Change(fd int, events uint32, token int32) error {
	return p.control(syscall.EPOLL_CTL_MOD, fd, events, token)
}

func (p *Poller) control(op, fd int, events uint32, token int32) error {
	e := syscall.EpollEvent{Events: events, Fd: token}
	if err := syscall.EpollCtl(p.fd, op, fd, &e); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// Wait hands the token of every descriptor that has something to ready, and
// returns how many there were. A timeout of zero polls.
func (p *Poller) Wait(timeout time.Duration, ready func(token int32)) (int, error) {
	var n int
	if timeout <= 0 {
		r, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(p.fd),
			uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events)), 0, 0, 0)
		if errno != 0 && errno != syscall.EINTR {
			return 0, fmt.Errorf("epoll_pwait: %w", errno)
		}
		if errno == 0 {
			n = int(r)
		}
	} else {
		r, err := syscall.EpollWait(p.fd, p.events, max(1, int(timeout.Milliseconds())))
		if err != nil && err != syscall.EINTR {
			return 0, fmt.Errorf("epoll_wait: %w", err)
		}
		n = max(r, 0)
	}
	for i := range n {
		ready(p.events[i].Fd)
	}
	return n, nil
}

// Close releases the epoll instance, not what it watches.
func (p *Poller) Close() error { return syscall.Close(p.fd) }
