package stream

import (
	"net"
	"sync"
	"time"
)

// pairs is the poller for systems without epoll: a goroutine that reads and one
// that writes for each connection, behind the same edges. Its descriptors are
// numbers of its own. free waits for all of its goroutines.
type pairs struct {
	woken chan struct{} // holds one

	mu     sync.Mutex // guards the fields below and those of each pair
	conns  map[int32]*pair
	last   int32
	ready  []*pair
	events []event // belongs to the caller of wait
	work   sync.WaitGroup
}

// A pair is one connection. Each direction holds at most one buffer.
type pair struct {
	net.Conn
	slot, gen uint32
	bits      uint8 // events that have not been fetched
	added     bool
	in        []byte // read and not fetched; the reader waits until it is
	ended     bool   // nothing more will be read
	broken    error
	out       []byte // not written yet; at most sendBuffer
	wants     bool   // an event when out has room
	finish    bool
	closed    bool
	change    *sync.Cond
}

func newPairs() (poller, error) {
	return &pairs{woken: make(chan struct{}, 1), conns: make(map[int32]*pair)}, nil
}

func (p *pairs) adopt(c net.Conn) (int32, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	p.conns[p.last] = &pair{Conn: c, change: sync.NewCond(&p.mu)}
	return p.last, nil
}

func (p *pairs) add(fd int32, slot, gen uint32) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.conns[fd]
	k.slot, k.gen, k.added = slot, gen, true
	p.work.Go(func() { p.reader(k) })
	p.work.Go(func() { p.writer(k) })
	return nil
}

func (p *pairs) reader(k *pair) {
	buf := make([]byte, 16<<10)
	for {
		n, err := k.Conn.Read(buf)
		p.mu.Lock()
		k.in = buf[:n]
		if n > 0 {
			p.raise(k, canRead)
		}
		for len(k.in) > 0 && !k.closed {
			k.change.Wait()
		}
		if err != nil {
			k.ended = true
			p.raise(k, canRead|peerDone)
		}
		stop := err != nil || k.closed
		p.mu.Unlock()
		if stop {
			return
		}
	}
}

func (p *pairs) writer(k *pair) {
	p.mu.Lock()
	for {
		for len(k.out) == 0 && !k.finish && !k.closed {
			k.change.Wait()
		}
		if len(k.out) == 0 {
			break
		}
		out := k.out
		k.out = nil
		p.mu.Unlock()
		_, err := k.Conn.Write(out)
		p.mu.Lock()
		if err != nil {
			k.broken = err
			p.raise(k, broken)
			break
		}
		if k.wants {
			p.raise(k, canWrite)
		}
	}
	if k.finish && !k.closed {
		if h, ok := k.Conn.(interface{ CloseWrite() error }); ok {
			p.mu.Unlock()
			_ = h.CloseWrite() // a peer that is gone shows in the reader
			p.mu.Lock()
		}
	}
	for !k.closed {
		k.change.Wait()
	}
	p.mu.Unlock()
	_ = k.Conn.Close()
}

// raise makes wait return an event. The pairs must be locked.
func (p *pairs) raise(k *pair, bits uint8) {
	if k.bits == 0 {
		p.ready = append(p.ready, k)
	}
	k.bits |= bits
	p.wake()
}

func (p *pairs) wantWrite(fd int32, _, _ uint32) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.conns[fd]
	k.wants = true
	if len(k.out) < sendBuffer {
		p.raise(k, canWrite)
	}
	return nil
}

func (p *pairs) wait(ms int) ([]event, error) {
	p.mu.Lock()
	idle := len(p.ready) == 0
	p.mu.Unlock()
	if idle && ms > 0 {
		timer := time.NewTimer(time.Duration(ms) * time.Millisecond)
		select {
		case <-p.woken:
		case <-timer.C:
		}
		timer.Stop()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = p.events[:0]
	for _, k := range p.ready {
		p.events = append(p.events, event{slot: k.slot, gen: k.gen, bits: k.bits})
		k.bits = 0
	}
	p.ready = p.ready[:0]
	return p.events, nil
}

func (p *pairs) wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
}

func (p *pairs) read(fd int32, b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.conns[fd]
	if len(k.in) == 0 {
		if k.ended {
			return 0, nil
		}
		return 0, errAgain
	}
	n := copy(b, k.in)
	k.in = k.in[n:]
	if len(k.in) == 0 {
		k.change.Broadcast()
	}
	return n, nil
}

func (p *pairs) write(fd int32, b []byte) (int, error) { return p.writev(fd, [][]byte{b}) }

func (p *pairs) writev(fd int32, bufs [][]byte) (n int, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.conns[fd]
	if k.broken != nil {
		return 0, k.broken
	}
	for _, b := range bufs {
		m := min(len(b), sendBuffer-len(k.out))
		k.out = append(k.out, b[:m]...)
		n += m
		if m < len(b) {
			break
		}
	}
	if n == 0 {
		return 0, errAgain
	}
	k.change.Broadcast()
	return n, nil
}

func (p *pairs) finish(fd int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[fd].finish = true
	p.conns[fd].change.Broadcast()
}

// close lets what has been written go out, for a second, as a kernel would.
func (p *pairs) close(fd int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	k := p.conns[fd]
	delete(p.conns, fd)
	k.closed = true
	k.change.Broadcast()
	if !k.added {
		_ = k.Conn.Close()
		return
	}
	_ = k.Conn.SetReadDeadline(time.Unix(1, 0))
	_ = k.Conn.SetWriteDeadline(time.Now().Add(time.Second))
}

func (p *pairs) free() { p.work.Wait() }
