package main

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"monitord/bench/linux"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:9001", "`address` to listen on")
	payload := flag.Int("payload", 1024, "`bytes` of payload in a frame, below 65536")
	every := flag.Duration("every", time.Second, "period of the broadcast")
	flag.Parse()
	if err := run(*listen, *payload, *every); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(listen string, payload int, every time.Duration) error {
	if payload < 0 || payload >= 1<<16 {
		return fmt.Errorf("payload %d: must be below 65536", payload)
	}
	if every < time.Millisecond {
		return fmt.Errorf("period %v: must be at least 1ms", every)
	}
	at, err := netip.ParseAddrPort(listen)
	if err != nil {
		return fmt.Errorf("address: %w", err)
	}
	if _, err := linux.RaiseFileLimit(); err != nil {
		return err
	}
	runtime.LockOSThread()
	debug.SetGCPercent(-1) // nothing is allocated once it runs
	s, err := newServer(at, frame(payload), every)
	if err != nil {
		return err
	}
	return s.serve()
}

// frame makes one unmasked, unfragmented text frame (RFC 6455, section 5.2).
func frame(payload int) []byte {
	f := []byte{0x81}
	if payload < 126 {
		f = append(f, byte(payload))
	} else {
		f = append(f, 126, byte(payload>>8), byte(payload))
	}
	for range payload {
		f = append(f, 'x')
	}
	return f
}
