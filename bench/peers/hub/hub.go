// Package hub is what the peers have in common: the flags of the floor, the set of
// connections, and the clock of the broadcast. How a connection is made, read from
// and written to is each library's own.
package hub

import (
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// Options is what a peer is asked for.
type Options struct {
	Payload []byte // of a broadcast
	Every   time.Duration
}

// Main is the main function of a peer. serve does not return while all is well.
func Main(name string, serve func(net.Listener, Options) error) {
	listen := flag.String("listen", "127.0.0.1:9001", "`address` to listen on")
	payload := flag.Int("payload", 1024, "`bytes` of payload in a frame")
	every := flag.Duration("every", time.Second, "period of the broadcast")
	flag.Parse()
	if err := run(*listen, *payload, *every, serve); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func run(listen string, payload int, every time.Duration, serve func(net.Listener, Options) error) error {
	if payload < 0 || payload >= 1<<16 || every < time.Millisecond {
		return fmt.Errorf("payload %d must be below 65536, period %v at least 1ms", payload, every)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	return serve(l, Options{Payload: []byte(strings.Repeat("x", payload)), Every: every})
}

// A Hub is a set of connections. The zero value is empty; it is safe for
// concurrent use.
type Hub[C comparable] struct {
	mu    sync.Mutex // guards the fields below
	conns []C        // in the order of their arrival, as far as none has left
	index map[C]int
}

// Add adds a connection.
func (h *Hub[C]) Add(c C) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.index == nil {
		h.index = make(map[C]int)
	}
	h.index[c] = len(h.conns)
	h.conns = append(h.conns, c)
}

// Remove removes a connection, if it is there.
func (h *Hub[C]) Remove(c C) {
	h.mu.Lock()
	defer h.mu.Unlock()
	i, ok := h.index[c]
	if !ok {
		return
	}
	last := len(h.conns) - 1
	h.conns[i] = h.conns[last]
	h.index[h.conns[i]] = i
	var none C
	h.conns[last] = none
	h.conns = h.conns[:last]
	delete(h.index, c)
}

// Broadcast calls send with every connection once every period, and never returns.
func (h *Hub[C]) Broadcast(every time.Duration, send func([]C)) {
	var now []C
	for range time.Tick(every) {
		h.mu.Lock()
		now = append(now[:0], h.conns...)
		h.mu.Unlock()
		send(now)
		clear(now)
	}
}
