package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"time"
)

// openListeners opens every address, or none.
func openListeners(addresses []string) ([]net.Listener, error) {
	var open []net.Listener
	for _, a := range addresses {
		l, err := openListener(a)
		if err != nil {
			for _, l := range open {
				l.Close()
			}
			return nil, err
		}
		open = append(open, l)
	}
	return open, nil
}

func openListener(address string) (net.Listener, error) {
	path, unix := strings.CutPrefix(address, "unix:")
	if !unix {
		l, err := listenConfig().Listen(context.Background(), "tcp", address)
		if err != nil {
			return nil, fmt.Errorf("listen on %s: %w; stop what listens there or set server.listen", address, err)
		}
		return l, nil
	}
	if err := removeStaleSocket(path); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	// As open as the loopback address is: who may reach it is the directory's matter.
	if err := os.Chmod(path, 0o666); err != nil {
		l.Close()
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return l, nil
}

// listenConfig leaves out what no connection here needs: the stream's own pings
// find out who is gone, and clients do not ask for several paths.
func listenConfig() *net.ListenConfig {
	c := &net.ListenConfig{KeepAlive: -1}
	c.SetMultipathTCP(false)
	return c
}

// removeStaleSocket removes a socket that a killed daemon left behind. One that
// somebody still answers on, and what is no socket, is an error.
func removeStaleSocket(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return errors.New("there is a file that is no socket; remove it or choose another path")
	}
	if c, err := net.DialTimeout("unix", path, time.Second); err == nil {
		c.Close()
		return errors.New("another program answers there; stop it or choose another path")
	}
	return os.Remove(path)
}

// listenURL is how a person would write where the daemon listens.
func listenURL(l net.Listener, secure bool) string {
	if l.Addr().Network() == "unix" {
		return "unix:" + l.Addr().String()
	}
	if secure {
		return "https://" + l.Addr().String() + "/"
	}
	return "http://" + l.Addr().String() + "/"
}
