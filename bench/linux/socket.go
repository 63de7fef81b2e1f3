package linux

import (
	"fmt"
	"net/netip"
	"syscall"
	"unsafe"
)

// ipBindAddressNoPort defers the choice of a source port to connect, so that
// ports are shared between destinations (ip(7), IP_BIND_ADDRESS_NO_PORT).
const ipBindAddressNoPort = 24

// Connect starts a non-blocking TCP connection from a source address to a
// destination. It is established, or has failed, when it becomes writable.
func Connect(from netip.Addr, to netip.AddrPort) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	if err := connect(fd, from, to); err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

func connect(fd int, from netip.Addr, to netip.AddrPort) error {
	if err := syscall.SetsockoptInt(fd, syscall.SOL_IP, ipBindAddressNoPort, 1); err != nil {
		return fmt.Errorf("setsockopt: %w", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: from.As4()}); err != nil {
		return fmt.Errorf("bind %v: %w", from, err)
	}
	err := syscall.Connect(fd, &syscall.SockaddrInet4{Addr: to.Addr().As4(), Port: int(to.Port())})
	if err != nil && err != syscall.EINPROGRESS {
		return fmt.Errorf("connect %v: %w", to, err)
	}
	return nil
}

// ConnectError returns what became of a connection that was started, nil if it
// is established.
func ConnectError(fd int) error {
	n, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	if err != nil {
		return fmt.Errorf("getsockopt: %w", err)
	}
	if n != 0 {
		return fmt.Errorf("connect: %w", syscall.Errno(n))
	}
	return nil
}

// Listen opens a non-blocking listener whose connections inherit TCP_NODELAY.
func Listen(at netip.AddrPort) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	for _, step := range []func() error{
		func() error { return syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1) },
		func() error { return syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1) },
		func() error {
			return syscall.Bind(fd, &syscall.SockaddrInet4{Addr: at.Addr().As4(), Port: int(at.Port())})
		},
		func() error { return syscall.Listen(fd, 65535) },
	} {
		if err := step(); err != nil {
			syscall.Close(fd)
			return -1, fmt.Errorf("listen on %v: %w", at, err)
		}
	}
	return fd, nil
}

// Accept takes the next connection of a listener; ok is false when none waits.
func Accept(listener int) (fd int, ok bool, err error) {
	for {
		fd, _, err := syscall.Accept4(listener, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		switch err {
		case nil:
			return fd, true, nil
		case syscall.EAGAIN:
			return -1, false, nil
		case syscall.EINTR, syscall.ECONNABORTED:
		default:
			return -1, false, fmt.Errorf("accept: %w", err)
		}
	}
}

// Send gives the kernel as much of p as it takes.
func Send(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))),
		uintptr(len(p)), syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL, 0, 0)
	return int(n), errno
}

// Read takes what the kernel has of fd; zero without an error is the end.
func Read(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	return int(n), errno
}
