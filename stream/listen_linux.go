package stream

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// listen gives the socket to nobody but this poller: as long as the runtime's
// own watched it too, each connection would wake a thread for nothing.
func (p *epoll) listen(l net.Listener) (int32, bool, error) {
	sc, ok := l.(syscall.Conn)
	if !ok {
		return -1, false, fmt.Errorf("take over listener: %T has no descriptor", l)
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return -1, false, fmt.Errorf("take over listener: %w", err)
	}
	fd := -1
	var dupErr error
	if err := rc.Control(func(old uintptr) {
		fd, dupErr = unix.FcntlInt(old, unix.F_DUPFD_CLOEXEC, 0)
	}); err != nil {
		return -1, false, fmt.Errorf("take over listener: %w", err)
	}
	if dupErr != nil {
		return -1, false, fmt.Errorf("duplicate descriptor: %w", dupErr)
	}
	// Both fail only on what is no socket, and accept would say so.
	_ = unix.SetNonblock(fd, true)
	if u, ok := l.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	// A connection inherits options of a plain TCP socket, which saves two calls
	// for each.
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	inherited := err == nil && kind == unix.IPPROTO_TCP &&
		unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) == nil &&
		unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer) == nil
	_ = l.Close()
	return int32(fd), inherited, nil
}

func (p *epoll) watch(fd int32, number uint32) error {
	err := p.ctl(unix.EPOLL_CTL_ADD, fd, 0, number, unix.EPOLLIN)
	if errors.Is(err, unix.EEXIST) {
		err = p.ctl(unix.EPOLL_CTL_MOD, fd, 0, number, unix.EPOLLIN)
	}
	return err
}

func (p *epoll) unwatch(fd int32, number uint32) error {
	return p.ctl(unix.EPOLL_CTL_DEL, fd, 0, number, 0)
}

func (p *epoll) accept(fd int32, inherited bool) (int32, error) {
	for {
		n, _, e := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), 0, 0, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		switch e {
		case 0:
			if !inherited {
				_ = unix.SetsockoptInt(int(n), unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // not for a Unix socket
				_ = unix.SetsockoptInt(int(n), unix.SOL_SOCKET, unix.SO_SNDBUF, sendBuffer)
			}
			return int32(n), nil
		case unix.EAGAIN:
			return -1, errAgain
		case unix.EINTR, unix.ECONNABORTED, unix.EPROTO, unix.EPERM,
			unix.ENETDOWN, unix.ENETUNREACH, unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.ENOPROTOOPT, unix.EOPNOTSUPP:
			// Errors of that connection, which accept(2) says to treat like none there.
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			p.turnAway(fd)
			return -1, errNoRoom
		default:
			return -1, fmt.Errorf("accept: %w", e)
		}
	}
}

// turnAway closes the connection that has waited longest, which takes a
// descriptor: it hears so at once instead of waiting for nothing.
func (p *epoll) turnAway(fd int32) {
	if p.reserve < 0 {
		p.reserve = openReserve()
		return
	}
	_ = unix.Close(p.reserve)
	if n, _, err := unix.Accept4(int(fd), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC); err == nil {
		_ = unix.Close(n)
	}
	p.reserve = openReserve()
}

func openReserve() int {
	fd, err := unix.Open("/", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1
	}
	return fd
}

func (p *epoll) peer(fd int32) (netip.Addr, bool) {
	var a unix.RawSockaddrAny
	n := uint32(unsafe.Sizeof(a))
	if _, _, e := unix.RawSyscall(unix.SYS_GETPEERNAME, uintptr(fd), uintptr(unsafe.Pointer(&a)), uintptr(unsafe.Pointer(&n))); e != 0 {
		return netip.Addr{}, false
	}
	switch a.Addr.Family {
	case unix.AF_INET:
		return netip.AddrFrom4((*unix.RawSockaddrInet4)(unsafe.Pointer(&a)).Addr), true
	case unix.AF_INET6:
		return netip.AddrFrom16((*unix.RawSockaddrInet6)(unsafe.Pointer(&a)).Addr).Unmap(), true
	}
	return netip.Addr{}, a.Addr.Family == unix.AF_UNIX
}

func (p *epoll) remove(fd int32) { _ = p.ctl(unix.EPOLL_CTL_DEL, fd, 0, 0, 0) }

func (p *epoll) conn(fd int32) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "connection")
	defer f.Close() // FileConn duplicates the descriptor
	return net.FileConn(f)
}
