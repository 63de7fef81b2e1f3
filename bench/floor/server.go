package main

import (
	"net/netip"
	"syscall"
	"time"

	"monitord/bench/linux"
)

// accepted answers the one key that the herd sends; the floor computes nothing.
const accepted = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

// What is known of a descriptor.
const (
	closed = iota
	asking // accepted, its request head has not come
	open
)

// server owns every descriptor and one goroutine.
type server struct {
	poller   *linux.Poller
	listener int
	timer    int
	frame    []byte
	state    []byte // by descriptor
	in       [4096]byte
	err      error
}

func newServer(at netip.AddrPort, frame []byte, every time.Duration) (*server, error) {
	s := &server{frame: frame}
	var err error
	if s.poller, err = linux.NewPoller(1024); err != nil {
		return nil, err
	}
	if s.listener, err = linux.Listen(at); err != nil {
		return nil, err
	}
	if s.timer, err = linux.Timer(every); err != nil {
		return nil, err
	}
	for _, fd := range []int{s.listener, s.timer} {
		if err := s.poller.Add(fd, linux.Readable, int32(fd)); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *server) serve() error {
	for s.err == nil {
		if _, err := s.poller.Wait(time.Minute, s.ready); err != nil {
			return err
		}
	}
	return s.err
}

func (s *server) ready(token int32) {
	switch fd := int(token); fd {
	case s.listener:
		s.accept()
	case s.timer:
		if n, _ := linux.Read(fd, s.in[:8]); n == 8 {
			s.broadcast()
		}
	default:
		s.read(fd)
	}
}

func (s *server) accept() {
	for {
		fd, ok, err := linux.Accept(s.listener)
		if err != nil {
			s.err = err
		}
		if !ok {
			return
		}
		for fd >= len(s.state) {
			s.state = append(s.state, closed)
		}
		s.state[fd] = asking
		if err := s.poller.Add(fd, linux.Readable, int32(fd)); err != nil {
			s.err = err
			return
		}
	}
}

func (s *server) read(fd int) {
	n, errno := linux.Read(fd, s.in[:])
	switch {
	case errno == syscall.EAGAIN || errno == syscall.EINTR:
	case errno != 0 || n == 0:
		s.drop(fd)
	case s.state[fd] == asking:
		if _, errno := linux.Send(fd, []byte(accepted)); errno != 0 {
			s.drop(fd)
			return
		}
		s.state[fd] = open
	}
}

func (s *server) broadcast() {
	for fd, state := range s.state {
		if state != open {
			continue
		}
		// A short send would leave half a frame in the stream.
		if n, errno := linux.Send(fd, s.frame); errno != syscall.EAGAIN && n != len(s.frame) {
			s.drop(fd)
		}
	}
}

func (s *server) drop(fd int) {
	s.state[fd] = closed
	syscall.Close(fd)
}
