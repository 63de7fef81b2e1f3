package main

import (
	"fmt"
	"net/netip"
	"os"
	"time"

	"monitord/bench/linux"
)

const request = "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n"

// herd is a run under way. It belongs to one goroutine.
type herd struct {
	options
	source  netip.Addr
	server  netip.AddrPort
	request []byte
	message []byte // framed
	poller  *linux.Poller
	conns   []conn
	buf     []byte
	now     int64 // Unix nanoseconds of the wake-up being handled

	started, opened, failed, closes, pings, bad int
	bytes                                       int64
	firstRefusal                                string
	counter                                     counter
	resumption                                  resumption
	headers                                     string
}

func newHerd(o options, from netip.Addr, to netip.AddrPort) (*herd, error) {
	poller, err := linux.NewPoller(1024)
	if err != nil {
		return nil, err
	}
	headers := ""
	if o.subprotocol != "" {
		headers += "Sec-WebSocket-Protocol: " + o.subprotocol + "\r\n"
	}
	if o.origin != "" {
		headers += "Origin: " + o.origin + "\r\n"
	}
	h := &herd{
		options: o, source: from, server: to, poller: poller, headers: headers,
		resumption: resumption{back: map[int64]int{}},
		conns:      make([]conn, o.n),
		buf:        make([]byte, 1<<20),
		counter:    counter{tick: o.tick, byTime: map[int64]int{}},
	}
	h.request = h.requestFor(o.path)
	if o.text != "" {
		h.message = clientFrame(nil, opText, []byte(o.text))
	}
	return h, nil
}

func (h *herd) requestFor(path string) []byte {
	return fmt.Appendf(nil, request, path, h.to, h.headers)
}

func (h *herd) run() (Report, error) {
	var at [4]reading
	resting, err := h.least()
	if err != nil {
		return Report{}, err
	}
	if at[0], err = h.read(); err != nil {
		return Report{}, err
	}
	at[0].memory = resting
	if err := h.connect(); err != nil {
		return Report{}, err
	}
	if at[1], err = h.read(); err != nil {
		return Report{}, err
	}
	if err := h.until(time.Now().Add(h.settle), 50*time.Millisecond); err != nil {
		return Report{}, err
	}
	loaded, err := h.least()
	if err != nil {
		return Report{}, err
	}
	if h.duration > 0 {
		if err := h.lull(); err != nil {
			return Report{}, err
		}
	}
	if h.resume {
		fmt.Println("open") // whoever started the herd may now do its worst
	}
	if at[2], err = h.read(); err != nil {
		return Report{}, err
	}
	at[2].memory = loaded
	h.bytes = 0
	h.counter.on = true
	wait := 50 * time.Millisecond
	if h.poll {
		wait = 0
	}
	if err := h.until(time.Now().Add(h.duration), wait); err != nil {
		return Report{}, err
	}
	h.counter.on = false
	if at[3], err = h.read(); err != nil {
		return Report{}, err
	}
	return h.report(at), nil
}

// connect opens all connections.
func (h *herd) connect() error {
	deadline := time.Now().Add(10 * time.Minute)
	for h.opened+h.failed < h.n {
		if time.Now().After(deadline) {
			return fmt.Errorf("%d of %d connections after ten minutes", h.opened, h.n)
		}
		for h.started < h.n && h.started-h.opened-h.failed < h.window {
			if err := h.start(h.started); err != nil {
				return err
			}
			h.started++
		}
		if _, err := h.wait(100 * time.Millisecond); err != nil {
			return err
		}
	}
	if h.opened == 0 {
		return fmt.Errorf("none of %d connections opened: %s", h.n, h.firstRefusal)
	}
	if h.firstRefusal != "" {
		fmt.Fprintln(os.Stderr, "herd: first refusal:", h.firstRefusal)
	}
	return nil
}

func (h *herd) start(i int) error {
	from := h.source
	for range i % h.addresses {
		from = from.Next()
	}
	fd, err := linux.Connect(from, h.server)
	if err != nil {
		return err
	}
	h.conns[i] = conn{herd: h, fd: fd, index: int32(i), place: h.conns[i].place}
	return h.poller.Add(fd, linux.Writable, int32(i))
}

func (h *herd) ready(token int32) {
	switch c := &h.conns[token]; c.state {
	case dead, resting:
	case connecting:
		c.connected()
	default:
		h.now = time.Now().UnixNano()
		c.read(h.buf)
	}
}

func (h *herd) wait(timeout time.Duration) (int, error) { return h.poller.Wait(timeout, h.ready) }

func (h *herd) until(end time.Time, timeout time.Duration) error {
	for time.Now().Before(end) {
		if _, err := h.wait(timeout); err != nil {
			return err
		}
		if err := h.again(); err != nil {
			return err
		}
	}
	return nil
}

// lull watches the pauses between arrivals for two seconds and returns in the
// middle of the next long one, or after three more seconds without any.
func (h *herd) lull() error {
	var longest time.Duration
	last := time.Now()
	learned := last.Add(2 * time.Second)
	end := learned.Add(3 * time.Second)
	for {
		n, err := h.wait(time.Millisecond)
		if err != nil {
			return err
		}
		now := time.Now()
		pause := now.Sub(last)
		if now.Before(learned) {
			longest = max(longest, pause)
		} else if now.After(end) || pause > longest/2 {
			return nil
		}
		if n > 0 {
			last = now
		}
	}
}
