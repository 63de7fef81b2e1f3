package main

import (
	"context"
	"fmt"
	"net"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"monitord/bench/linux"
)

// server is a process that listens.
type server struct {
	name    string
	address string
	cpu     int
	cmd     *exec.Cmd
	said    *tail
	ended   chan struct{}
}

// start runs a program pinned to a processor and waits until it can be connected
// to. Its arguments are made from the address that it is to listen on.
func start(ctx context.Context, name, program string, cpu int, args func(address string) []string) (*server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	program, err = filepath.Abs(program)
	if err != nil {
		return nil, err
	}
	return launch(ctx, name, address, cpu, exec.Command(program, args(address)...))
}

// again starts a server that has ended once more, at the same address.
func (s *server) again(ctx context.Context) (*server, error) {
	return launch(ctx, s.name, s.address, s.cpu, exec.Command(s.cmd.Path, s.cmd.Args[1:]...))
}

func launch(ctx context.Context, name, address string, cpu int, cmd *exec.Cmd) (*server, error) {
	s := &server{name: name, address: address, cpu: cpu, cmd: cmd, said: &tail{}, ended: make(chan struct{})}
	s.cmd.Stdout, s.cmd.Stderr = s.said, s.said
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is for us; we end it
	if err := linux.StartOn(cpu, s.cmd); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = s.cmd.Wait() // how it ended shows in what it said
		close(s.ended)
	}()
	if err := s.ready(ctx); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *server) pid() int { return s.cmd.Process.Pid }

func (s *server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		conn, err := net.DialTimeout("tcp", s.address, time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-s.ended:
			return fmt.Errorf("%s ended before it listened: %s", s.name, s.said)
		case <-ctx.Done():
			return fmt.Errorf("%s does not listen on %s: %w; it said: %s", s.name, s.address, ctx.Err(), s.said)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the process, by force if it takes more than ten seconds.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(10 * time.Second):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	return l.Addr().String(), l.Close()
}

// tail keeps the last that a process wrote. It is safe for concurrent use.
type tail struct {
	mu  sync.Mutex // guards the field below
	buf []byte
}

const maxTail = 16 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, p...)
	if extra := len(t.buf) - maxTail; extra > 0 {
		t.buf = append(t.buf[:0], t.buf[extra:]...)
	}
	return len(p), nil
}

func (t *tail) bytes() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]byte(nil), t.buf...)
}

func (t *tail) String() string { return string(t.bytes()) }
