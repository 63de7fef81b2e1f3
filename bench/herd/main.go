package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"monitord/bench/linux"
)

// options is what a run is asked for.
type options struct {
	to          string
	path        string
	text        string
	subprotocol string
	origin      string
	from        string
	addresses   int
	n           int
	window      int
	settle      time.Duration
	duration    time.Duration
	readings    int
	pid         int
	poll        bool
	tick        bool
	resume      bool
}

func main() {
	var o options
	flag.StringVar(&o.to, "to", "127.0.0.1:6455", "`address` of the server")
	flag.StringVar(&o.path, "path", "/api/v1/stream", "path and query of the request")
	flag.StringVar(&o.text, "message", "", "text message that every connection sends once it is open")
	flag.StringVar(&o.subprotocol, "subprotocol", "", "subprotocol to ask for")
	flag.StringVar(&o.origin, "origin", "", "Origin header to send")
	flag.StringVar(&o.from, "from", "127.0.0.2", "first source `address`")
	flag.IntVar(&o.addresses, "addresses", 16, "source addresses to spread over")
	flag.IntVar(&o.n, "n", 1000, "connections")
	flag.IntVar(&o.window, "window", 512, "handshakes under way at a time")
	flag.DurationVar(&o.settle, "settle", 2*time.Second, "time between the last handshake and counting")
	flag.DurationVar(&o.duration, "for", 10*time.Second, "how long to count; 0: only connect")
	flag.IntVar(&o.readings, "readings", 1, "readings of the server's memory, a second apart, of which the least counts")
	flag.IntVar(&o.pid, "pid", 0, "`process` of the server, to read its time and memory")
	flag.BoolVar(&o.poll, "poll", false, "poll instead of sleeping while counting")
	flag.BoolVar(&o.tick, "tick", false, "count only monitord's samples, by their tick, and their delay from it")
	flag.BoolVar(&o.resume, "resume", false, "connections that end come back and go on where they were; says \"open\" when all are there")
	asJSON := flag.Bool("json", false, "print one JSON object")
	flag.Parse()

	r, err := run(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "herd:", err)
		os.Exit(1)
	}
	if *asJSON {
		err = json.NewEncoder(os.Stdout).Encode(r)
	} else {
		_, err = fmt.Println(r)
	}
	if err != nil {
		os.Exit(1)
	}
}

func run(o options) (Report, error) {
	to, err := netip.ParseAddrPort(o.to)
	if err != nil {
		return Report{}, fmt.Errorf("server address: %w", err)
	}
	from, err := netip.ParseAddr(o.from)
	if err != nil {
		return Report{}, fmt.Errorf("source address: %w", err)
	}
	if !to.Addr().Is4() || !from.Is4() || o.n < 1 || o.addresses < 1 || o.window < 1 {
		return Report{}, fmt.Errorf("addresses must be IPv4, -n, -addresses and -window at least 1")
	}
	files, err := linux.RaiseFileLimit()
	if err != nil {
		return Report{}, err
	}
	if uint64(o.n)+16 > files {
		return Report{}, fmt.Errorf("%d connections need more than the %d files that this process may open", o.n, files)
	}
	runtime.LockOSThread()
	debug.SetGCPercent(-1) // the buffers live as long as the process
	debug.SetMemoryLimit(2 << 30)
	h, err := newHerd(o, from, to)
	if err != nil {
		return Report{}, err
	}
	return h.run()
}
